"""objects ls | cp | mb | rb | rm | cat | sync: the object store.

The commands work on the buckets themselves, not through a server: they are the same with and
without one, and know no limit on sizes. Objects appear whole and at once, so that a running server
sees them as if a client had put them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.failures import Failure, UsageFailure
from simulator.cli.output import Output, clock_time, confirm
from simulator.cli.session import HomeOption, JsonOption, Session, YesOption
from tui.clean import clean_line

if TYPE_CHECKING:
    from simulator.objects import ObjectInfo

app = typer.Typer(help="List, copy and remove objects of the object store.", no_args_is_help=True)

PathArgument = Annotated[
    str, typer.Argument(metavar="PATH", help="An object or folder: obs://bucket/key.")
]
BucketArgument = Annotated[str, typer.Argument(metavar="BUCKET", help="A bucket's name.")]
SourceArgument = Annotated[
    str, typer.Argument(metavar="SOURCE", help="obs://bucket/key, a file or folder, - for stdin.")
]
TargetArgument = Annotated[
    str, typer.Argument(metavar="TARGET", help="obs://bucket/key, a file or a folder.")
]
RecursiveOption = Annotated[
    bool, typer.Option("--recursive", "-r", help="All that is below it, in folders too.")
]


@app.command("ls")
def list_objects(
    path: Annotated[
        str | None,
        typer.Argument(metavar="PATH", help="A bucket, folder or object; all buckets if left out."),
    ] = None,
    recursive: RecursiveOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List buckets, or the objects of one."""
    from simulator.cli import object_work  # noqa: PLC0415

    session = Session(home, as_json)
    output = session.output
    with object_work.opened(session) as store:
        if path is None:
            _print_names(output, store.names())
        elif output.as_json:
            found = object_work.listed(store, path, recursive)
            output.document([_document(info) for info in found])
        else:
            for info in object_work.listed(store, path, recursive):
                _print(output, info)


@app.command("cp")
def copy(
    source: SourceArgument,
    target: TargetArgument,
    recursive: RecursiveOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy a file to an object, an object to a file, or an object to another one.

    A target that ends in / or is a folder keeps the source's name.
    """
    from simulator.cli import object_work  # noqa: PLC0415

    session = Session(home, as_json)
    with object_work.opened(session) as store:
        work = object_work.copy_folder if recursive else object_work.copy
        tally = work(store, session.output, source, target)
    text = f"{tally.copied} copied, {tally.size_bytes} bytes"
    _report(session.output, tally.document(), text)


@app.command("sync")
def sync(
    source: SourceArgument,
    target: TargetArgument,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete what is in the target only.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a folder like another one: copy what is missing, of another size, or older there."""
    from simulator.cli import object_work  # noqa: PLC0415

    session = Session(home, as_json)
    with object_work.opened(session) as store:
        tally = object_work.copy_folder(
            store, session.output, source, target, compares=True, deletes=delete
        )
    text = (
        f"{tally.copied} copied, {tally.deleted} deleted, {tally.unchanged} unchanged, "
        f"{tally.size_bytes} bytes"
    )
    _report(session.output, tally.document(), text)


@app.command("mb")
def make_bucket(
    bucket: BucketArgument, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Make a bucket: a folder of the data directory."""
    from simulator.cli import object_work  # noqa: PLC0415

    session = Session(home, as_json)
    name = object_work.bucket_name(bucket)
    with object_work.opened(session) as store:
        store.create(name)
    _report(session.output, {"bucket": name}, f"obs://{name}/ is made")


@app.command("rb")
def remove_bucket(
    bucket: BucketArgument, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Remove an empty bucket."""
    from simulator.cli import object_work  # noqa: PLC0415

    session = Session(home, as_json)
    name = object_work.bucket_name(bucket)
    with object_work.opened(session) as store:
        store.remove(name)
    _report(session.output, {"bucket": name}, f"obs://{name}/ is removed")


@app.command("rm")
def remove(
    path: PathArgument,
    recursive: RecursiveOption = False,
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove an object, or with -r all objects in a folder or bucket."""
    from simulator.cli import object_work  # noqa: PLC0415
    from simulator.cli.object_sides import object_path  # noqa: PLC0415

    session = Session(home, as_json)
    output, found = session.output, object_path(path)
    if not recursive and found.is_folder:
        raise UsageFailure(f"{found} is a folder", hint="-r removes all that is in it")
    folder = clean_line(str(found.as_folder()))
    if recursive and not confirm(output, f"Remove everything in {folder}?", yes=yes):
        return
    with object_work.opened(session) as store:
        if recursive:
            deleted = object_work.remove_all(store, output, found.as_folder())
        elif store.delete(found):
            deleted = 1
        else:
            raise Failure(f"{found} does not exist")
    _report(output, {"deleted": deleted}, f"{deleted} removed")


@app.command("cat")
def cat(path: PathArgument, home: HomeOption = None) -> None:
    """Write an object's content to stdout."""
    from simulator.cli import object_work  # noqa: PLC0415
    from simulator.cli.object_sides import object_path  # noqa: PLC0415

    session = Session(home)
    with object_work.opened(session) as store:
        object_work.write_out(store, object_path(path))


def _report(output: Output, document: dict[str, Any], text: str) -> None:
    if output.as_json:
        output.document(document)
    else:
        output.line(clean_line(text))


def _print_names(output: Output, names: list[str]) -> None:
    if output.as_json:
        output.document(names)
        return
    for name in names:
        output.line(f"obs://{name}/")


def _document(info: ObjectInfo) -> dict[str, Any]:
    return {
        "key": info.key,
        "size_bytes": info.size_bytes,
        "modified_at_ms": info.modified_ns // 1_000_000,
        "is_prefix": info.is_prefix,
    }


def _print(output: Output, info: ObjectInfo) -> None:
    when = "" if info.is_prefix else clock_time(info.modified_ns // 1_000_000)
    size = "" if info.is_prefix else str(info.size_bytes)
    output.line(f"{when:19}  {size:>13}  {clean_line(info.key)}")
