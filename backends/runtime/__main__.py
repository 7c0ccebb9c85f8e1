"""`python3 -m backends.runtime`: load one package, serve it until told to stop."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence

from backends.runtime.errors import StartError
from backends.runtime.log import capture_library_logs, log, one_line
from backends.runtime.parent import watch_parent
from backends.runtime.settings import Settings, read_settings


def main(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Run the server; the exit code: 0 stopped when asked, 1 could not start."""
    # as process 1 of a container the default handler would ignore it while the model loads
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = read_settings(argv, env)
        capture_library_logs(settings.log_level)
        _run(settings)
    except StartError as exc:
        sys.stderr.write(one_line(str(exc)) + "\n")
        return 1
    return 0


def _run(settings: Settings) -> None:
    if settings.parent_fd is not None:
        watch_parent(settings.parent_fd)

    # imported late: the libraries take long, and the watch must not wait for them
    from backends.runtime.app import Application, build_routes  # noqa: PLC0415
    from backends.runtime.batching import try_batching  # noqa: PLC0415
    from backends.runtime.compute import Computer  # noqa: PLC0415
    from backends.runtime.model import load_model  # noqa: PLC0415
    from backends.runtime.package import read_package  # noqa: PLC0415
    from backends.runtime.serve import serve  # noqa: PLC0415

    package = read_package(settings.package)
    if settings.memory_mib:
        log(f"memory limit {settings.memory_mib} MiB")
    model = load_model(package.model_file, threads=settings.threads, name=settings.model_name)
    batching = try_batching(model, settings.batch_rows)
    where = "in a worker thread" if model.is_slow else "in the event loop"
    measured = "unknown" if model.call_s is None else f"{model.call_s * 1000:.3f} ms"
    log(f"one call takes {measured}: computing {where}")
    log(batching.text)
    app = Application(
        build_routes(package.apis, model),
        Computer(model, in_thread=model.is_slow, batch_rows=batching.rows),
        body_limit_bytes=settings.body_limit_bytes,
        identity={
            "x-drydock-instance": settings.instance_id,
            "x-drydock-version": settings.version_id,
        },
    )
    for api in package.apis:
        log(f"serving {api.method} {api.url} ({api.media_type})")
    serve(app, settings)


if __name__ == "__main__":
    code = main(sys.argv[1:], os.environ)
    sys.stdout.flush()
    # a call that outlived the drain, or a native library's teardown, must not delay the exit
    os._exit(code)
