"""The names of causes, and that each is explained."""

from __future__ import annotations

import pytest

from simulator.lifecycle.causes import SILENT
from simulator.why.causes import CAUSES, cause_of
from simulator.why.explain import _UNTIL_TIMEOUT


@pytest.mark.parametrize(
    ("reason", "said", "cause"),
    [
        ("InstanceExited", "exec /app/run: exec format error", "WrongArchitecture"),
        ("StartFailed", "exec format error", "WrongArchitecture"),
        ("InstanceExited", "OSError: [Errno 30] Read-only file system: '/x'", "ReadOnlyDisk"),
        ("InstanceExited", "ModuleNotFoundError: No module named 'torch'", "MissingFile"),
        ("StartFailed", 'exec: "serve": executable file not found in $PATH', "MissingFile"),
        ("InstanceExited", "ValueError: bad weights", "InstanceExited"),
        ("OutOfMemory", "No such file or directory", "OutOfMemory"),
        ("WrongPort", "", "WrongPort"),
        ("", "", ""),
    ],
)
def test_what_an_instance_says_narrows_its_cause(reason: str, said: str, cause: str) -> None:
    assert cause_of(reason, said) == cause


def test_each_is_explained_in_sentences() -> None:
    assert CAUSES.keys() >= {*SILENT, *_UNTIL_TIMEOUT}
    for cause in CAUSES.values():
        assert cause.meaning.endswith(".")
        assert cause.fix.endswith(".")
        assert cause.source
