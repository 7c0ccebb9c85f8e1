"""What the backend tests share: specs, packages and a tiny model server to run as a process."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

pytest.register_assert_rewrite("backends.conformance")

from backends.base import InstanceSpec, PackageArtifact, Resources  # noqa: E402

STANDIN = dedent(
    '''
    """Takes the runtime's options and answers one-line orders on its socket."""
    import ast, os, signal, socket, sys, threading, time

    def watch_parent():
        os.read(int(os.environ["DRYDOCK_PARENT_FD"]), 1)
        os._exit(70)

    def term(*_):
        if os.environ.get("ON_TERM") != "ignore":
            print("bye", flush=True)
            os._exit(0)

    def answer(verb, rest):
        if verb == "say":
            print("\\n".join(ast.literal_eval(rest)), flush=True)
        elif verb == "env":
            return repr(os.environ.get(rest))
        elif verb == "eval":
            return repr(eval(rest))
        elif verb == "exec":
            exec(rest, globals())
        return "ok"

    held = []
    options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    signal.signal(signal.SIGTERM, term)
    if os.environ.get("ON_PARENT_EXIT") != "ignore":
        threading.Thread(target=watch_parent, daemon=True).start()
    server = socket.socket(socket.AF_UNIX)
    server.bind(options["--uds"])
    server.listen()
    while True:
        client, _ = server.accept()
        with client, client.makefile("rw") as stream:
            verb, _, rest = stream.readline().rstrip("\\n").partition(" ")
            stream.write(answer(verb, rest) + "\\n")
    '''
)


class SpecFactory:
    """Makes specs that differ in nothing but what is given."""

    def __init__(self, package: Path) -> None:
        self.package = package

    def __call__(
        self,
        instance_id: str = "i-1",
        *,
        installation: str | None = None,
        envs: Mapping[str, str] | None = None,
        package: str | None = None,
        resources: Resources | None = None,
    ) -> InstanceSpec:
        return InstanceSpec(
            installation=installation or "test",
            service_id="s-1",
            version_id="v-1",
            instance_id=instance_id,
            artifact=PackageArtifact(package or str(self.package)),
            resources=resources or Resources(cpus=1, memory_mib=256),
            envs=dict(envs or {}),
        )


@pytest.fixture
def make_spec(tmp_path: Path) -> SpecFactory:
    """Specs of an (empty) model package."""
    package = tmp_path / "package"
    package.mkdir()
    return SpecFactory(package)


@pytest.fixture
def standin_command(tmp_path: Path) -> tuple[str, ...]:
    """Command of the stand-in for the model server."""
    script = tmp_path / "standin.py"
    script.write_text(STANDIN)
    return (sys.executable, "-I", "-S", str(script))
