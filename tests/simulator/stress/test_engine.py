"""Whole load tests against a server that does what it is told to.

No test asks how fast anything is: only what was sent, what was counted, and what must be longer
than what.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys

import psutil
import pytest

from simulator.stress.engine import Run, SenderDied, running
from simulator.stress.figures import Figures
from simulator.stress.frames import Frame, FrameReader, Job, write_job
from simulator.stress.limits import remarks
from simulator.stress.load import Load
from simulator.stress.reaching import NotAllowed, Unreachable
from simulator.stress.target import Target
from tests.support.answering_site import Site, answer

ENDS_WITHIN_S = 60.0


async def run_through(target: Target, load: Load) -> Figures:
    async with asyncio.timeout(ENDS_WITHIN_S), running(target, load) as run:
        async for _ in run.snapshots():
            pass
        return run.figures()


# -- open loop --------------------------------------------------------------------------------


async def test_an_open_loop_sends_exactly_what_was_planned(site: Site) -> None:
    figures = await run_through(site.target(), Load(rate_per_s=300, duration_s=0.5))
    assert len(site.seen) == 150
    counts = figures.counts
    assert (counts.planned, counts.sent, counts.ok, counts.errors) == (150, 150, 150, 0)
    assert (counts.unsent, counts.unfinished) == (0, 0)
    assert figures.latency.count == 150
    assert figures.ok_per_s <= 300.0


async def test_a_stall_shows_in_full_though_only_one_request_met_it(site: Site) -> None:
    """Coordinated omission: with one connection, the request that meets the stall is the only one
    that is slow from when it is sent; all that were due meanwhile had to wait as well."""
    site.stall_at, site.stall_s = 50, 1.0
    load = Load(rate_per_s=100, duration_s=2, connections=1)
    figures = await run_through(site.target(), load)
    assert figures.counts.ok == 200
    due, sent = figures.latency, figures.from_send
    assert due.p99_ms is not None
    assert sent.p90_ms is not None
    # a hundred requests were due in the second that the server stood still
    assert due.p99_ms > 1000 * site.stall_s / 2
    assert sent.p90_ms < due.p99_ms / 2
    (said,) = remarks(load, figures)
    assert "waited until one of the 1 connections was free" in said


async def test_an_open_loop_does_not_wait_for_answers(site: Site) -> None:
    site.hold_until = 20
    figures = await run_through(site.target(), Load(rate_per_s=40, duration_s=0.5))
    assert figures.counts.ok == 20
    assert site.most_at_once == 20


async def test_bodies_are_sent_in_turn_with_the_headers(site: Site) -> None:
    bodies = [b'"a"', b'"b"', b'"c"']
    load = Load(rate_per_s=60, duration_s=0.2, connections=1)
    await run_through(site.target(*bodies, **{"X-Auth-Token": "secret"}), load)
    assert site.seen == [body for body, _ in zip(itertools.cycle(bodies), range(12), strict=False)]
    assert all(b"X-Auth-Token: secret\r\n" in head for head in site.heads)


# -- closed loop ------------------------------------------------------------------------------


async def test_a_closed_loop_has_so_many_under_way_and_never_more(site: Site) -> None:
    site.pause_s = 0.02
    figures = await run_through(site.target(), Load(concurrency=5, duration_s=0.5))
    assert site.most_at_once == 5
    assert site.connections == 6  # one looked whether anybody listens
    assert figures.counts.ok == len(site.seen) == figures.counts.planned
    assert figures.generator.late.count == 0


async def test_a_closed_loop_counts_a_stall_once(site: Site) -> None:
    site.stall_at, site.stall_s, site.pause_s = 5, 0.5, 0.01
    figures = await run_through(site.target(), Load(concurrency=1, duration_s=1))
    assert figures.latency.p50_ms is not None
    assert figures.latency.max_ms is not None
    assert figures.latency.max_ms > 400
    assert figures.latency.p50_ms < figures.latency.max_ms / 2


# -- what goes wrong --------------------------------------------------------------------------


async def test_errors_are_counted_by_code_and_are_no_latencies(site: Site) -> None:
    refusal = answer(429, b'{"error_code": "ModelArts.4206", "error_msg": "Too many"}')
    site.reply = lambda head, body: answer() if len(site.seen) % 4 else refusal
    figures = await run_through(site.target(), Load(rate_per_s=200, duration_s=0.2, connections=1))
    (failed,) = figures.failed
    assert (failed.label, failed.count, failed.message) == ("429 ModelArts.4206", 10, "Too many")
    assert (figures.counts.ok, figures.counts.refused, figures.latency.count) == (30, 10, 30)


async def test_a_request_without_an_answer_is_given_up_and_its_wait_counts(site: Site) -> None:
    site.pause_s = 30.0
    load = Load(rate_per_s=50, duration_s=0.2, timeout_s=0.5, connections=1)
    figures = await run_through(site.target(), load)
    assert figures.counts.timeout == 10
    assert {one.label for one in figures.failed} == {
        "no answer in time",
        "not sent in time: every connection was busy",
    }
    assert figures.latency.count == 10
    assert figures.latency.min_ms is not None
    assert figures.latency.min_ms >= 490


async def test_a_server_that_closes_without_an_answer(site: Site) -> None:
    site.reply = lambda head, body: answer() if len(site.seen) % 2 else None
    figures = await run_through(site.target(), Load(rate_per_s=100, duration_s=0.2, connections=1))
    assert (figures.counts.ok, figures.counts.lost) == (10, 10)
    assert [one.label for one in figures.failed] == ["connection closed without an answer"]
    assert len(site.seen) == 20  # nothing is sent a second time


async def test_a_server_that_closes_after_each_answer_costs_connections_and_no_errors(
    site: Site,
) -> None:
    site.close_after = True
    site.reply = lambda head, body: answer(headers={"connection": "close"})
    figures = await run_through(site.target(), Load(rate_per_s=100, duration_s=0.2))
    assert (figures.counts.ok, figures.counts.errors) == (20, 0)
    assert figures.generator.connections_opened >= 20


@pytest.mark.parametrize("load", [Load(rate_per_s=100, duration_s=1), Load(concurrency=3)])
async def test_a_server_that_goes_away_is_an_error_and_no_end(site: Site, load: Load) -> None:
    """The port refuses connections from the fifth request on."""
    target = site.target()
    site.reply = lambda head, body: answer() if len(site.seen) < 5 else None
    async with asyncio.timeout(ENDS_WITHIN_S), running(target, load) as run:
        async for snapshot in run.snapshots(0.1):
            if snapshot.counts.lost > 10:
                run.stop()
        figures = run.figures()
    assert figures.counts.ok == 4
    assert figures.counts.lost > 10


async def test_what_is_not_http_is_said(site: Site) -> None:
    site.reply = lambda head, body: b"SSH-2.0-OpenSSH\r\n"
    figures = await run_through(site.target(), Load(rate_per_s=50, duration_s=0.1))
    assert [one.label for one in figures.failed] == ["an answer that is not HTTP"]


# -- versions ---------------------------------------------------------------------------------


async def test_answers_are_split_by_the_version_that_they_name(site: Site) -> None:
    def reply(head: bytes, body: bytes) -> bytes:
        version = "v1" if len(site.seen) % 4 else "v2"
        return answer(headers={"X-Drydock-Version": version})

    site.reply = reply
    figures = await run_through(site.target(), Load(rate_per_s=200, duration_s=0.2, connections=1))
    split = {one.name: (one.requests, one.share) for one in figures.versions}
    assert split == {"v1": (30, 0.75), "v2": (10, 0.25)}


# -- watching and ending ----------------------------------------------------------------------


async def test_snapshots_tell_of_more_and_more(site: Site) -> None:
    async with running(site.target(), Load(rate_per_s=100, duration_s=1)) as run:
        snapshots = [snapshot async for snapshot in run.snapshots(0.2)]
    assert len(snapshots) >= 2
    ended = [one.counts.ended for one in snapshots]
    assert ended == sorted(ended)
    assert ended[-1] == 100
    assert snapshots[-1].latency.count == 100


async def test_it_can_be_ended_early_and_still_tells(site: Site) -> None:
    async with (
        asyncio.timeout(ENDS_WITHIN_S),
        running(site.target(), Load(rate_per_s=100, duration_s=600)) as run,
    ):
        async for snapshot in run.snapshots(0.1):
            if snapshot.counts.ended >= 20:
                run.stop()
        figures = run.figures()
    assert run.stopped
    assert figures.counts.planned == 60_000
    assert figures.counts.ended >= 20
    assert figures.counts.sent + figures.counts.unsent == 60_000
    assert figures.elapsed_s < 600


async def test_what_is_under_way_when_it_is_ended_counts_neither_as_answer_nor_as_error(
    site: Site,
) -> None:
    site.pause_s = 60.0
    async with (
        asyncio.timeout(ENDS_WITHIN_S),
        running(site.target(), Load(concurrency=3, duration_s=600, timeout_s=600)) as run,
    ):
        async for snapshot in run.snapshots(0.1):
            if snapshot.in_flight == 3:
                run.stop()
        counts = run.figures().counts
    assert (counts.sent, counts.ended, counts.unfinished) == (3, 0, 3)


async def test_leaving_early_leaves_no_process(site: Site) -> None:
    async with running(site.target(), Load(rate_per_s=10, duration_s=600)) as run:
        process = _process(run)
        assert process.is_running()
    assert not process.is_running()


async def test_a_sender_that_dies_is_said(site: Site) -> None:
    async with running(site.target(), Load(rate_per_s=10, duration_s=600)) as run:
        _process(run).kill()
        with pytest.raises(SenderDied, match="exit status -9"):
            async for _ in run.snapshots():
                pass


def _process(run: Run) -> psutil.Process:
    return psutil.Process(run._process.pid)


def test_the_sender_ends_when_its_watcher_is_gone(site: Site) -> None:
    load = Load(rate_per_s=20, duration_s=600)
    job = Job("127.0.0.1", site.port, "", load, site.target().requests(), "x-version")
    with subprocess.Popen(
        [sys.executable, "-m", "simulator.stress.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(write_job(job))
        process.stdin.close()
        assert process.stdout is not None
        frames = list(FrameReader().feed(process.stdout.read()))
        assert process.wait(ENDS_WITHIN_S) == 0
    assert frames[-1][0] is Frame.END


async def test_another_machine_is_not_called_unless_that_is_allowed() -> None:
    with pytest.raises(NotAllowed):
        async with running(Target("http://192.0.2.1/"), Load(concurrency=1)):
            raise AssertionError("it has begun")


async def test_it_does_not_begin_where_nobody_listens(site: Site) -> None:
    nobody = Target("http://127.0.0.1:1/")
    with pytest.raises(Unreachable):
        async with running(nobody, Load(concurrency=1)):
            raise AssertionError("it has begun")
