"""The control server: one ASGI application on a Unix socket, behind the gateway."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import re
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from sqlalchemy.exc import DBAPIError, OperationalError
from starlette.exceptions import HTTPException

from backends.errors import BackendError
from simulator.admin.routes import VERSION, AdminTokenWrong, admin_router
from simulator.allocator import keep_little
from simulator.config import Settings
from simulator.errors import ConfigError, Refused, UnknownOperation
from simulator.gateway.errors import GatewayUpdateRejected
from simulator.gateway.status import Phase
from simulator.iam.errors import IamError
from simulator.iam.keys import KeyFileError
from simulator.iam.routes import iam_router
from simulator.lockfile import LockFile
from simulator.modelarts import authorize, wire
from simulator.modelarts.inference_off import inference_off_router
from simulator.modelarts.routes import modelarts_router
from simulator.s3.app import Endpoint, S3Requests
from simulator.store.trouble import Cause, store_trouble
from simulator.system import AUTHORIZE_PATH, System
from simulator.web import REQUEST_ID, BodyLimit, Json, LocalOrigin, RequestId

logger = logging.getLogger(__name__)

ADMIN_PREFIX = "/_drydock"
_OWN_STATUSES = {"InUse": 409}
"""Where the cloud's status would look like a fault of the server: on `/_drydock` only."""
KEEP_ALIVE_S = 75
SHUTDOWN_WAIT_S = 3


class _Application(FastAPI):
    """Describes itself in our words; `/openapi.json` is made when it is first asked for."""

    readings: Mapping[str, str]
    specifications: tuple[str, ...] = ()
    """Names of those that the settings add."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            from simulator.surfaces import describe  # noqa: PLC0415

            self.openapi_schema = describe(super().openapi(), self.readings, self.specifications)
        return self.openapi_schema


def build_app(system: System) -> FastAPI:
    """The application of an opened system: IAM, ModelArts and the admin surface."""
    app = _Application(
        title="Drydock", version=VERSION, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.readings = system.ruling.readings
    app.specifications = tuple(system.ruling.own_specifications)
    app.add_middleware(BodyLimit)
    app.add_middleware(S3Requests, endpoint=_object_endpoint(system))
    app.add_middleware(LocalOrigin)
    app.add_middleware(RequestId)
    _add_error_handlers(app)
    app.include_router(admin_router(system), tags=["drydock"])
    app.include_router(authorize.router(system), include_in_schema=False)
    app.include_router(iam_router(system.directory), tags=["iam"])
    if system.gateway.status().phase is Phase.OFF:
        app.include_router(inference_off_router(), include_in_schema=False)
    app.include_router(modelarts_router(system), tags=["modelarts"])
    return app


def _object_endpoint(system: System) -> Endpoint:
    directory = system.directory
    return Endpoint(system.objects, directory.identities, directory.region, directory.now_s)


def _add_error_handlers(app: FastAPI) -> None:
    async def refused(request: Request, error: Exception) -> Json:
        assert isinstance(error, Refused)
        return _answer(request, wire.error_answer(error), type(error).__name__)

    async def unauthenticated(request: Request, error: Exception) -> Json:
        assert isinstance(error, IamError)
        answer = wire.WireAnswer(error.status, error.error_code, error.error_msg)
        return _answer(request, answer, type(error).__name__)

    async def no_route(request: Request, error: Exception) -> Json:
        """Paths and methods that no router has."""
        return await refused(request, UnknownOperation(request.method, request.url.path))

    async def wrong_token(request: Request, error: Exception) -> Json:
        answer = wire.WireAnswer(
            401,
            "AdminTokenWrong",
            "the admin token is missing or wrong",
            hint="send what the file admin-token of the data directory holds as X-Drydock-Token",
        )
        return _answer(request, answer, "AdminTokenWrong")

    async def backend_failed(request: Request, error: Exception) -> Json:
        assert isinstance(error, BackendError)
        answer = wire.WireAnswer(503, "Drydock.Backend", error.message, hint=error.hint)
        return _answer(request, answer, error.reason)

    async def storage_failed(request: Request, error: Exception) -> Json:
        trouble = store_trouble(error)
        failed = isinstance(error, OperationalError | sqlite3.OperationalError)
        if trouble is None and not failed:
            return await unexpected(request, error)
        logger.error("the store failed: %s", error)
        full = trouble is not None and trouble.cause is Cause.FULL
        text = trouble.message if trouble else f"the store failed: {error}"
        hint = trouble.hint if trouble else ""
        answer = wire.WireAnswer(507 if full else 503, "Drydock.Storage", text, hint=hint)
        return _answer(request, answer, "StorageFull" if full else "StorageError")

    async def unexpected(request: Request, error: Exception) -> Json:
        request_id = request.scope.get("state", {}).get("request_id", "")
        path = request.url.path
        told = "(a path with a secret)" if re.fullmatch(wire.SECRET_PATHS, path) else path
        logger.exception("%s %s failed (%s)", request.method, told, request_id)
        text = "internal error of Drydock; its log has the details under this request id"
        answer = _answer(request, wire.WireAnswer(500, "ModelArts.0010", text), "InternalError")
        answer.headers[REQUEST_ID] = request_id  # this goes past the middleware that adds it
        return answer

    app.add_exception_handler(HTTPException, no_route)
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(IamError, unauthenticated)
    app.add_exception_handler(AdminTokenWrong, wrong_token)
    app.add_exception_handler(BackendError, backend_failed)
    app.add_exception_handler(DBAPIError, storage_failed)
    app.add_exception_handler(sqlite3.DatabaseError, storage_failed)
    app.add_exception_handler(OSError, storage_failed)
    app.add_exception_handler(Exception, unexpected)


def _answer(request: Request, answer: wire.WireAnswer, reason: str) -> Json:
    """The cloud's form on the cloud's paths, Drydock's own on `/_drydock`."""
    path = request.url.path
    if not path.startswith(ADMIN_PREFIX) or path.startswith(AUTHORIZE_PATH):
        return Json(answer.body(), status_code=answer.status)
    body: dict[str, Any] = {
        "code": reason,
        "message": answer.error_msg,
        "hint": answer.hint,
        "request_id": request.scope.get("state", {}).get("request_id", ""),
    }
    if answer.violations:
        body["violations"] = list(answer.violations)
    return Json(body, status_code=_OWN_STATUSES.get(reason, answer.status))


class ControlServer(uvicorn.Server):
    """Leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(settings: Settings) -> int:
    """Serve until told to end. Returns the exit status; start problems go to stderr."""
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    keep_little()
    lock = LockFile(settings.paths.lock)
    try:
        settings.paths.create()
        lock.acquire()
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(_serve(settings))
        finally:
            lock.release()
    except (ConfigError, KeyFileError, GatewayUpdateRejected) as error:
        hint = getattr(error, "hint", "")
        return _could_not_start(str(error), hint)
    except (DBAPIError, sqlite3.DatabaseError) as error:
        trouble = store_trouble(error)
        if trouble is None:
            raise
        return _could_not_start(trouble.message, trouble.hint)
    return 0


def _could_not_start(message: str, hint: str) -> int:
    print(f"drydock: {message}" + (f"\n  {hint}" if hint else ""), file=sys.stderr)
    return 1


def loop_factory() -> Any:
    """Makes the server's event loop; None for Python's own."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:  # Windows' own event loop will do
        return None
    return uvloop.new_event_loop


async def _serve(settings: Settings) -> None:
    system = System(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, system.shutdown.set)
    await system.open()
    try:
        with unix_socket(settings.paths.control_socket) as control:
            async with listening(build_app(system), control):
                await system.start()
                gc.freeze()  # what is there now stays: looking through it again costs 100 ms
                logger.warning("listening on %s", system.endpoint)
                await system.shutdown.wait()
                await asyncio.sleep(0.05)  # let the answer to the shutdown request out
    finally:
        await system.close()
        settings.paths.control_socket.unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def listening(
    app: FastAPI, where: socket.socket, kind: type[uvicorn.Server] = ControlServer
) -> AsyncIterator[None]:
    """The application at a bound socket, for as long as the block lasts."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        # the API has no WebSocket; by default a library for it is looked for at each start
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_WAIT_S,
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = kind(config)
    task = asyncio.create_task(server.serve(sockets=[where]))
    try:
        while not server.started and not task.done():
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await task


@contextlib.contextmanager
def unix_socket(path: Path) -> Iterator[socket.socket]:
    """A socket at `path`, which only the user may open.

    Raises:
        ConfigError: it cannot be made.
    """
    path.unlink(missing_ok=True)  # the lock file says that no server lives behind it
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        mask = os.umask(0o177)
        try:
            listening.bind(str(path))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {path}: {error}", hint="set DRYDOCK_HOME to a shorter path"
            ) from error
        finally:
            os.umask(mask)
        yield listening
