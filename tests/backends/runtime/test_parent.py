from __future__ import annotations

import os
import subprocess
import sys

import pytest

from backends.runtime.errors import StartError
from backends.runtime.parent import PARENT_GONE_EXIT_CODE, watch_parent


@pytest.fixture
def watching():
    """A process that watches our pipe and would otherwise wait for ever."""
    reader, writer = os.pipe()
    code = (
        "import sys, threading; from backends.runtime.parent import watch_parent;"
        "watch_parent(int(sys.argv[1])); print('watching', flush=True); threading.Event().wait()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(reader)],
        pass_fds=[reader],
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(reader)
    yield child, writer
    child.kill()
    child.wait()
    child.stdout.close()


def test_the_process_ends_when_the_parents_pipe_closes(watching):
    child, writer = watching
    assert child.stdout.readline() == "watching\n"
    os.write(writer, b"bytes are no end of file")
    assert child.poll() is None
    os.close(writer)
    assert child.wait(10) == PARENT_GONE_EXIT_CODE
    assert "the parent process is gone" in child.stdout.read()


def test_a_descriptor_that_is_no_pipe_is_refused(tmp_path):
    with (tmp_path / "file").open("w") as file, pytest.raises(StartError, match="PARENT_FD"):
        watch_parent(file.fileno())
    with pytest.raises(StartError, match="PARENT_FD 99999"):
        watch_parent(99999)
