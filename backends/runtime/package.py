"""Finding and reading the files of a model package."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from backends.runtime.contract import Api, read_apis
from backends.runtime.errors import StartError

WHAT = "cannot use the model package"


@dataclass(frozen=True)
class Package:
    """A package on disk.

    Attributes:
        model_file: the ONNX file.
        apis: what its configuration file declares, at least one.
    """

    model_file: Path
    apis: tuple[Api, ...]


def read_package(directory: Path) -> Package:
    """Read `directory/model/config.json` and find the ONNX file beside it.

    With several ONNX files the configuration's key `model_file` names the one to serve.

    Raises:
        StartError: a file is missing, unreadable, not JSON, or the choice is not clear.
    """
    path = directory / "model" / "config.json"
    try:
        config = json.loads(path.read_bytes())
    except FileNotFoundError:
        hint = "the package directory must contain model/config.json; name it with --package"
        raise StartError(WHAT, where=str(path), why="there is no such file", hint=hint) from None
    except OSError as exc:
        hint = "make it a file this process may read"
        raise StartError(WHAT, where=str(path), why=str(exc.strerror), hint=hint) from exc
    except json.JSONDecodeError as exc:
        why = f"not valid JSON: {exc.msg}, line {exc.lineno} column {exc.colno}"
        raise StartError(WHAT, where=str(path), why=why, hint="correct that line") from exc
    except (UnicodeDecodeError, RecursionError) as exc:
        why = f"not valid JSON: {exc}"
        raise StartError(WHAT, where=str(path), why=why, hint="save it as UTF-8 JSON") from exc
    apis = read_apis(config)
    return Package(_find_model(path.parent, config.get("model_file")), apis)


def _find_model(folder: Path, named: object) -> Path:
    if named is not None:
        wanted = folder / str(named)
        if isinstance(named, str) and Path(named).name == named and wanted.is_file():
            return wanted
        raise StartError(
            WHAT,
            where=f"model/config.json, model_file {named!r}",
            why="there is no such file beside it",
            hint="give the bare name of an .onnx file in the same folder",
        )
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".onnx" and p.is_file())
    if len(found) == 1:
        return found[0]
    names = ", ".join(p.name for p in found)
    raise StartError(
        WHAT,
        where=str(folder),
        why=f"several ONNX files: {names}" if found else "no .onnx file beside config.json",
        hint="name one with the key model_file" if found else "export the model to ONNX there",
    )
