"""An instance that notes what it executes before it answers, and dies again and again: a process.

    python mortal.py SOCKET NOTES SEED

Each request's body is a line, and appended to NOTES when it is executed. Now and then a request
kills the process, somewhere between its arrival and the end of its answer; another process takes
its place at the same socket. All of it ends when stdin does.
"""

from __future__ import annotations

import os
import random
import selectors
import signal
import socket
import sys
from contextlib import suppress
from enum import Enum

DEATHS = 0.03
"""Share of the requests that kill."""
ENDED = 17
"""Exit status at the end of stdin."""


class Fate(Enum):
    """What becomes of the process at a request."""

    LIVES = "answers"
    HANGS_UP = "answers, and closes a connection that the other side wants to keep"
    UNDONE = "dies before it has executed the request"
    SILENT = "dies after it has executed the request"
    HALF_A_HEAD = "dies in the head of its answer"
    HALF_A_BODY = "dies in the body of its answer"
    AFTERWARDS = "dies when it has answered"


DEADLY = (Fate.UNDONE, Fate.SILENT, Fate.HALF_A_HEAD, Fate.HALF_A_BODY, Fate.AFTERWARDS)


class Mortal:
    """One life of an instance."""

    def __init__(self, path: str, notes: str, seed: str) -> None:
        self._dice = random.Random(seed)
        self._notes = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._buffers: dict[socket.socket, bytes] = {}
        self._watched = selectors.DefaultSelector()
        with suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108, as little as possible before it listens
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(path)
        self._listening.listen(256)
        self._watched.register(self._listening, selectors.EVENT_READ)
        self._watched.register(sys.stdin, selectors.EVENT_READ)

    def live(self) -> None:
        while True:
            for key, _ in self._watched.select():
                if key.fileobj is sys.stdin:
                    os._exit(ENDED)
                elif key.fileobj is self._listening:
                    connection, _ = self._listening.accept()
                    self._buffers[connection] = b""
                    self._watched.register(connection, selectors.EVENT_READ)
                else:
                    assert isinstance(key.fileobj, socket.socket)
                    self._hear(key.fileobj)

    def _hear(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self._close(connection)
            return
        self._buffers[connection] += data
        head, end, body = self._buffers[connection].partition(b"\r\n\r\n")
        if end and len(body) == int(head.lower().partition(b"content-length:")[2].split()[0]):
            self._buffers[connection] = b""
            with suppress(ConnectionError):
                self._execute(connection, body)

    def _execute(self, connection: socket.socket, body: bytes) -> None:
        fate = Fate.LIVES
        if self._dice.random() < DEATHS:
            fate = self._dice.choice(DEADLY)
        elif self._dice.random() < DEATHS:
            fate = Fate.HANGS_UP
        if fate is Fate.UNDONE:
            die()
        os.write(self._notes, body + b"\n")
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
        if fate is Fate.HALF_A_HEAD:
            connection.sendall(head[: len(head) // 2])
        elif fate is Fate.HALF_A_BODY:
            connection.sendall(head + body[: len(body) // 2])
        elif fate is not Fate.SILENT:
            connection.sendall(head + body)
        if fate is Fate.HANGS_UP:
            self._close(connection)
        elif fate is not Fate.LIVES:
            die()

    def _close(self, connection: socket.socket) -> None:
        del self._buffers[connection]
        self._watched.unregister(connection)
        connection.close()


def die() -> None:
    """As if killed from outside: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    path, notes, seed = sys.argv[1:]
    life = 0
    while True:
        if (child := os.fork()) == 0:
            Mortal(path, notes, f"{seed}/{life}").live()
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(0 if os.waitstatus_to_exitcode(status) == ENDED else "an instance failed")
        life += 1


if __name__ == "__main__":
    main()
