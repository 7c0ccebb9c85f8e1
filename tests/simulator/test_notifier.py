"""Sending goes on whatever the store says in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from simulator import notifier
from simulator.notifier import Notifier
from simulator.store.tables import NotificationRow
from tests.support.unwritable import disk_full


@dataclass
class Outbox:
    """Stands for the store's notifications.

    Attributes:
        failures: what the next calls raise.
        sent: ids noted as sent, repeated when that was noted twice.
    """

    waiting: list[int]
    failures: list[Exception] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)

    def _may_fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    def next_unsent(self, _: int) -> NotificationRow | None:
        self._may_fail()
        if not self.waiting:
            return None
        return NotificationRow(
            notification_id=self.waiting[0],
            project_id="p1",
            service_id="svc",
            service_name="svc",
            topic="t",
            status="running",
            text="",
            at=0,
        )

    def note_sent(self, notification_id: int, _: int) -> None:
        self._may_fail()
        self.waiting.remove(notification_id)
        self.sent.append(notification_id)


@pytest.fixture
async def webhook() -> AsyncIterator[str]:
    """The address of one that takes everything."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    server.close()


@pytest.mark.parametrize("before", ["reading", "noting"])
async def test_a_store_that_fails_for_a_while_does_not_end_the_sending(
    webhook: str, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "PAUSE_FIRST_S", 0.01)
    monkeypatch.setattr(notifier, "LOOK_S", 0.01)
    outbox = Outbox([1, 2])
    if before == "reading":
        outbox.failures = [disk_full(), disk_full()]
    else:
        inner = outbox.note_sent

        def fails_once(notification_id: int, at: int) -> None:
            monkeypatch.setattr(outbox, "note_sent", inner)
            raise disk_full()

        monkeypatch.setattr(outbox, "note_sent", fails_once)
    sending = Notifier(SimpleNamespace(notifications=outbox), webhook)  # type: ignore[arg-type]
    sending.start()
    async with asyncio.timeout(20):
        while len(outbox.sent) < 2:
            await asyncio.sleep(0.01)
    await sending.close()
    assert outbox.sent == [1, 2]
