"""Frames of WebSocket as a client may write them, well-formed or not, and an endpoint that notes
what it gets of them.

The endpoint takes each frame up when its last byte is there, and each head byte by byte, so that
what it makes of them does not depend on how they were cut on their way.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path

from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

MAX_BYTES = 1024 * 1024
"""Largest message that the endpoint takes."""
PATIENCE_S = 20.0
MASK = b"\x11\x22\x33\x44"
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{more}\r\n"
)


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    reserved: int = 0,
    masked: bool = True,
    length_bytes: int = 0,
    declared: int | None = None,
) -> bytes:
    """The bytes of a frame. Source: RFC 6455 section 5.2.

    Args:
        reserved: the three reserved bits, 0 to 7.
        length_bytes: 2 or 8 for a length in that many bytes though it needs fewer.
        declared: a length other than the payload's.
    """
    length = len(payload) if declared is None else declared
    mask_bit = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    if length_bytes == 8 or length > 0xFFFF:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", length)
    elif length_bytes == 2 or length > 125:
        head += bytes([mask_bit | 126]) + struct.pack("!H", length)
    else:
        head += bytes([mask_bit | length])
    if not masked:
        return head + payload
    repeated = (MASK * (len(payload) // 4 + 1))[: len(payload)]
    hidden = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return head + MASK + hidden.to_bytes(len(payload), "big")


def close(code: int, reason: bytes = b"") -> bytes:
    """A close frame, whatever the code and the reason."""
    return frame(Opcode.CLOSE, struct.pack("!H", code) + reason)


GOODBYE = close(CloseCode.NORMAL_CLOSURE, b"done")


Ending = tuple[int, str] | None


@dataclass
class Noted:
    """What an endpoint made of a connection.

    Attributes:
        frames: opcode, whether it is the last of its message, and payload of each sound frame.
        received, sent: code and reason of the close frame of either side; None without one.
        over: set when no more will be noted.
    """

    frames: list[tuple[int, bool, bytes]] = field(default_factory=list)
    received: Ending = None
    sent: Ending = None
    over: threading.Event = field(default_factory=threading.Event)


class Endpoint:
    """A server on a Unix socket that echoes messages, one thread a connection.

    Attributes:
        noted: by the last part of the path of the handshake.
    """

    def __init__(self, path: Path) -> None:
        self.noted: dict[str, Noted] = {}
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        conversation = _Conversation(self.noted)
        with client, contextlib.suppress(OSError):
            client.settimeout(PATIENCE_S)
            while not conversation.ended and (data := client.recv(1 << 16)):
                client.sendall(conversation.answer(data))
            conversation.finish()
            client.shutdown(socket.SHUT_WR)
            while client.recv(1 << 16):
                pass  # a reset would take the last answer away
        conversation.finish()


class _Conversation:
    """One connection, without its socket."""

    def __init__(self, noted: dict[str, Noted]) -> None:
        self._protocol = ServerProtocol(max_size=MAX_BYTES)
        self._all = noted
        self._noted = Noted()
        self._message: list[Frame] = []
        # of the frame that is just coming in; None within the handshake
        self._head: bytearray | None = None
        self._payload_left = 0
        self.ended = False

    def answer(self, data: bytes) -> bytes:
        """What goes back for what came in."""
        answer = bytearray()
        while data and not self.ended:
            length = self._next_length(data)
            piece, data = data[:length], data[length:]
            self._protocol.receive_data(piece)
            for event in self._protocol.events_received():
                if isinstance(event, Request):
                    self._all[event.path.rpartition("/")[2]] = self._noted
                    self._protocol.send_response(self._protocol.accept(event))
                    self._head = bytearray()
                elif isinstance(event, Frame):
                    self._take(event)
            for part in self._protocol.data_to_send():
                answer += part
                self.ended = self.ended or not part
        return bytes(answer)

    def _next_length(self, data: bytes) -> int:
        """How much of the data can be taken at once: all of a frame's payload but its last byte,
        else one byte."""
        if self._payload_left > 0:
            length = min(max(self._payload_left - 1, 1), len(data))
            self._payload_left -= length
            return length
        if self._head is not None:
            self._head += data[:1]
            self._payload_left = _payload_length(self._head)
            if self._payload_left >= 0:
                self._head = bytearray()
        return 1

    def finish(self) -> None:
        self._noted.received = _ending(self._protocol.close_rcvd)
        self._noted.sent = _ending(self._protocol.close_sent)
        self._noted.over.set()

    def _take(self, got: Frame) -> None:
        self._noted.frames.append((got.opcode, got.fin, bytes(got.data)))
        if got.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        self._message.append(got)
        if not got.fin or self._protocol.state is not State.OPEN:
            return
        message, self._message = self._message, []
        whole = b"".join(bytes(one.data) for one in message)
        if message[0].opcode is Opcode.BINARY:
            self._protocol.send_binary(whole)
            return
        try:
            whole.decode()
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA, "no UTF-8")
        else:
            self._protocol.send_text(whole)


def _payload_length(head: bytearray) -> int:
    """What the head of a frame says; -1 while it is not whole."""
    if len(head) < 2:
        return -1
    short = head[1] & 0x7F
    length_bytes = {126: 2, 127: 8}.get(short, 0)
    if len(head) < 2 + length_bytes + (4 if head[1] & 0x80 else 0):
        return -1
    return int.from_bytes(head[2 : 2 + length_bytes], "big") if length_bytes else short


def _ending(frame: Close | None) -> Ending:
    return None if frame is None else (frame.code, frame.reason)


def converse(client: socket.socket, path: str, more: str, pieces: list[bytes]) -> bytes:
    """Opens a WebSocket and sends the pieces; all that comes after the answer's head, to the end of
    the connection.

    Args:
        more: header lines of the handshake.
    """
    client.settimeout(PATIENCE_S)
    client.sendall(HANDSHAKE.format(path=path, more=more).encode())
    got = bytearray()
    while b"\r\n\r\n" not in got:
        data = client.recv(1 << 16)
        assert data, f"the connection ended within the handshake: {bytes(got)!r}"
        got += data
    assert got.startswith(b"HTTP/1.1 101 "), bytes(got)
    sending = threading.Thread(target=_send, args=(client, pieces))
    sending.start()
    with contextlib.suppress(ConnectionError):
        while data := client.recv(1 << 16):
            got += data
    sending.join()
    return bytes(got).partition(b"\r\n\r\n")[2]


def _send(client: socket.socket, pieces: list[bytes]) -> None:
    # an endpoint that has failed the connection takes no more of it
    with contextlib.suppress(OSError):
        for piece in pieces:
            client.sendall(piece)
