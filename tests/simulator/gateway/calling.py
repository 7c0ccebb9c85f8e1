"""An instance that speaks gRPC, and a client that finds it behind the gateway.

Messages are bytes: what passes through the gateway is the same whatever they mean.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc

from simulator.gateway.state import Endpoint

Context = grpc.aio.ServicerContext[bytes, bytes]

SERVICE = "test.Talk"


@dataclass
class GrpcInstance:
    """A gRPC server on a free port, or on a Unix socket.

    Attributes:
        seen: metadata of each call, in order.
        told: set by a test; `Wait` and `Late` end after it.
        left: a call of `Wait` was cancelled.
    """

    name: str
    path: str = ""
    port: int = 0
    seen: list[dict[str, str | bytes]] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    _server: grpc.aio.Server | None = None

    @property
    def endpoint(self) -> Endpoint:
        if self.path:
            return Endpoint(self.name, path=self.path)
        return Endpoint(self.name, host="127.0.0.1", port=self.port)

    async def start(self) -> GrpcInstance:
        handlers = {
            "Say": grpc.unary_unary_rpc_method_handler(self._say),
            "Slow": grpc.unary_unary_rpc_method_handler(self._slow),
            "Fail": grpc.unary_unary_rpc_method_handler(self._fail),
            "Count": grpc.unary_stream_rpc_method_handler(self._count),
            "Sum": grpc.stream_unary_rpc_method_handler(self._sum),
            "Echo": grpc.stream_stream_rpc_method_handler(self._echo),
            "Wait": grpc.unary_stream_rpc_method_handler(self._wait),
            "Late": grpc.stream_stream_rpc_method_handler(self._late),
        }
        self._server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE, handlers),)
        )
        address = f"unix:{self.path}" if self.path else f"127.0.0.1:{self.port}"
        port = self._server.add_insecure_port(address)
        self.port = 0 if self.path else port
        await self._server.start()
        return self

    async def stop(self) -> None:
        assert self._server is not None
        await self._server.stop(None)

    def _note(self, context: Context) -> None:
        self.seen.append(dict(context.invocation_metadata() or ()))

    async def _say(self, message: bytes, context: Context) -> bytes:
        self._note(context)
        context.set_trailing_metadata((("said-by", self.name),))
        return message

    async def _slow(self, message: bytes, context: Context) -> bytes:
        await self.told.wait()
        return message

    async def _fail(self, message: bytes, context: Context) -> bytes:
        await context.abort(
            grpc.StatusCode.FAILED_PRECONDITION, "100% – not now", (("why", "tired"),)
        )

    async def _count(self, message: bytes, context: Context) -> AsyncIterator[bytes]:
        for number in range(int(message)):
            yield str(number).encode()

    async def _sum(self, messages: AsyncIterator[bytes], context: Context) -> bytes:
        return str(sum([int(one) async for one in messages])).encode()

    async def _echo(self, messages: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
        async for one in messages:
            yield one

    async def _wait(self, message: bytes, context: Context) -> AsyncIterator[bytes]:
        try:
            yield b"begun"
            await self.told.wait()
            yield b"told"
        except asyncio.CancelledError:
            self.left.set()
            raise

    async def _late(self, messages: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
        """One answer at once; another one when the client has said all and the test has told."""
        yield b"first"
        async for _ in messages:
            pass
        await self.told.wait()
        yield b"last"


class Caller:
    """A client of a service behind the gateway: the service's address stands before the method.

    Args:
        prefix: path of the service.
        token: in the metadata; empty for none.
    """

    def __init__(self, channel: grpc.aio.Channel, prefix: str, token: str) -> None:
        self._channel = channel
        self._prefix = prefix
        self.metadata = (("x-auth-token", token),) if token else ()

    def _path(self, method: str) -> str:
        return f"{self._prefix}/{SERVICE}/{method}"

    def unary(self, method: str, message: bytes) -> Any:
        call: Any = self._channel.unary_unary(self._path(method))
        return call(message, metadata=self.metadata, timeout=20)

    def answers(self, method: str, message: bytes) -> Any:
        call: Any = self._channel.unary_stream(self._path(method))
        return call(message, metadata=self.metadata, timeout=20)

    def said(self, method: str, messages: list[bytes]) -> Any:
        call: Any = self._channel.stream_unary(self._path(method))
        return call(iter(messages), metadata=self.metadata, timeout=20)

    def talk(self, method: str) -> Any:
        call: Any = self._channel.stream_stream(self._path(method))
        return call(metadata=self.metadata, timeout=20)
