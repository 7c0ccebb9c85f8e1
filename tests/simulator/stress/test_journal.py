"""The sender's notes: names before the records that use them, and never too many names."""

from __future__ import annotations

import json

from simulator.stress.frames import RECORD, Frame, FrameReader
from simulator.stress.journal import MOST_LABELS, MOST_VERSIONS, OTHERS, Journal
from simulator.stress.outcomes import Ending


def taken(journal: Journal) -> list[tuple[Frame, bytes]]:
    return list(FrameReader().feed(journal.take()))


def test_names_come_before_records_and_once() -> None:
    journal = Journal()
    version = journal.version(b"v1")
    journal.add(0.5, 0.0, 0.0, 0.25, journal.ok, version)
    kinds = [kind for kind, _ in taken(journal)]
    assert kinds == [Frame.OUTCOME, Frame.VERSION, Frame.RECORDS]
    assert journal.version(b"v1") == version
    journal.add(0.6, 0.0, 0.0, 0.25, journal.ok, version)
    ((kind, payload),) = taken(journal)
    assert (kind, RECORD.unpack(payload)) == (
        Frame.RECORDS,
        (0.6, 0.0, 0.0, 0.25, journal.ok, version),
    )
    assert taken(journal) == []


def test_a_service_that_makes_up_a_label_for_each_answer_does_not_fill_the_memory() -> None:
    journal = Journal()
    numbers = {journal.outcome(Ending.REFUSED, f"500 E{n}") for n in range(10 * MOST_LABELS)}
    versions = {journal.version(f"v{n}".encode()) for n in range(10 * MOST_VERSIONS)}
    assert len(numbers) <= MOST_LABELS + 1
    assert len(versions) <= MOST_VERSIONS + 1
    labels = [json.loads(payload).get("label") for _, payload in taken(journal)]
    assert OTHERS in labels


def test_any_bytes_may_be_a_version() -> None:
    journal = Journal()
    journal.version(bytes(range(128, 256)) * 2)
    (_, (kind, payload)) = taken(journal)
    assert kind is Frame.VERSION
    assert len(json.loads(payload)["name"]) == 64
