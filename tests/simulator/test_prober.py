"""Asking instances whether they are well: real HTTP to small servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from backends.base import Address
from simulator import prober
from simulator.clock import ClockMode, PlatformClock
from simulator.lifecycle.objects import HealthCheck
from simulator.prober import Prober, Verdict, client_of, probe
from tests.support.instance_server import InstanceServers, http_answer

CHECK = HealthCheck(path="/health", period_s=5, timeout_s=5, failure_threshold=3)


@pytest.fixture
async def servers() -> AsyncIterator[InstanceServers]:
    made = InstanceServers()
    yield made
    await made.close()


class CountingClock(PlatformClock):
    """Stands still, and counts how often somebody began to wait for an instant."""

    def __init__(self) -> None:
        super().__init__(ClockMode.MANUAL)
        self.waits = 0

    async def sleep_until(self, at_ms: int) -> None:
        self.waits += 1
        await super().sleep_until(at_ms)


class World:
    """A prober on a clock that stands still, and the changes it told."""

    def __init__(self) -> None:
        self.clock = CountingClock()
        self.told: asyncio.Queue[str] = asyncio.Queue()
        self.prober = Prober(self.clock, self.told.put_nowait)

    def watch(
        self,
        address: Address,
        run: str = "run",
        check: HealthCheck = CHECK,
        *,
        name: str = "svc-1",
        was_ready: bool = False,
    ) -> None:
        self.prober.watch(name, str(address), run, check, was_ready=was_ready)

    async def asked(self, times: int) -> None:
        """Wait until that many probes have been concluded, and the next one is waited for."""
        await until(lambda: self.clock.waits == times)

    async def next_change(self) -> str:
        return await asyncio.wait_for(self.told.get(), 10)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.prober.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait, without time passing on the platform clock, until the condition holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


class TestOneProbe:
    async def ask(
        self, servers: InstanceServers, answer: bytes | None, check: HealthCheck = CHECK
    ) -> str:
        address = await servers.serve("i", lambda: answer)
        async with aclosing(client_of(address, check.timeout_s)) as client:
            return await probe(client, check)

    @pytest.mark.parametrize("status", [200, 204, 301, 399])
    async def test_200_to_399_is_well(self, servers: InstanceServers, status: int) -> None:
        assert await self.ask(servers, http_answer(status)) == ""
        assert servers.requests == [("i", "/health")]

    @pytest.mark.parametrize("status", [400, 404, 500, 503])
    async def test_another_status_is_not_and_is_told(
        self, servers: InstanceServers, status: int
    ) -> None:
        words = await self.ask(servers, http_answer(status))
        assert words == f"GET /health was answered {status}; 200 to 399 is healthy"

    @pytest.mark.parametrize("status", [200, 404, 500])
    async def test_without_a_declared_path_any_answer_at_the_root_is_well(
        self, servers: InstanceServers, status: int
    ) -> None:
        assert await self.ask(servers, http_answer(status), HealthCheck(path=None)) == ""
        assert servers.requests == [("i", "/")]

    async def test_redirects_are_not_followed(self, servers: InstanceServers) -> None:
        answer = http_answer(302, headers="location: http://i/elsewhere\r\n")
        assert await self.ask(servers, answer) == ""
        assert servers.requests == [("i", "/health")]

    async def test_a_large_answer_is_not_read_to_its_end(self, servers: InstanceServers) -> None:
        promised = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n" + b"x" * 200_000
        assert await self.ask(servers, promised) == ""

    async def test_what_does_not_speak_http_is_not_well(self, servers: InstanceServers) -> None:
        assert (await self.ask(servers, b"SSH-2.0-OpenSSH\r\n")).startswith("GET /health: ")

    async def test_a_connection_that_is_closed_at_once_is_not_well(
        self, servers: InstanceServers
    ) -> None:
        assert await self.ask(servers, b"")

    async def test_silence_is_told_with_the_time_it_lasted(self, servers: InstanceServers) -> None:
        check = HealthCheck(path="/health", timeout_s=0.05)  # type: ignore[arg-type]
        assert await self.ask(servers, None, check) == (
            "GET /health was not answered within 0.05 s"
        )

    async def test_where_nothing_listens_that_is_said(self) -> None:
        async with aclosing(client_of(Address("127.0.0.1", 1), 5)) as client:
            assert await probe(client, CHECK) == "nothing listens on the instance's port yet"

    async def test_a_path_that_cannot_be_asked_for_is_a_failure_in_words(
        self, servers: InstanceServers
    ) -> None:
        words = await self.ask(servers, http_answer(200), HealthCheck(path="/he\x7falth"))
        assert words.startswith("GET ")
        assert "\n" not in words


class TestVerdicts:
    async def test_nothing_is_known_at_first(self, world: World) -> None:
        assert world.prober.verdict("svc-1") == Verdict(None)

    async def test_an_answer_makes_it_healthy_and_is_told(
        self, world: World, servers: InstanceServers
    ) -> None:
        address = await servers.serve("i", lambda: http_answer(200))
        world.watch(address)
        assert await world.next_change() == "svc-1"
        assert world.prober.verdict("svc-1") == Verdict(True)

    async def test_until_it_answers_it_is_asked_often_in_real_time(
        self, world: World, servers: InstanceServers
    ) -> None:
        answers = iter([http_answer(503)] * 4)
        address = await servers.serve("i", lambda: next(answers, http_answer(200)))
        world.watch(address)
        await until(lambda: world.prober.verdict("svc-1").healthy is True)
        assert len(servers.requests) == 5

    async def test_failures_of_one_that_never_answered_are_words_and_no_verdict(
        self, world: World, servers: InstanceServers
    ) -> None:
        world.watch(servers.address("i"))
        await until(lambda: bool(world.prober.verdict("svc-1").words))
        verdict = world.prober.verdict("svc-1")
        assert verdict == Verdict(None, "nothing listens on the instance's port yet")

    async def test_one_that_answered_is_asked_again_each_period_of_the_platform_clock(
        self, world: World, servers: InstanceServers
    ) -> None:
        address = await servers.serve("i", lambda: http_answer(200))
        world.watch(address)
        await world.next_change()
        for asked in (2, 3):
            world.clock.advance(5_000)
            await world.asked(asked)
            assert len(servers.requests) == asked

    async def test_it_is_unhealthy_after_the_threshold_of_failures_in_a_row(
        self, world: World, servers: InstanceServers
    ) -> None:
        status = 200
        address = await servers.serve("i", lambda: http_answer(status))
        world.watch(address)
        await world.next_change()
        status = 500
        for asked in (2, 3):
            world.clock.advance(5_000)
            await world.asked(asked)
            assert world.prober.verdict("svc-1").healthy is True
        world.clock.advance(5_000)
        await world.next_change()
        verdict = world.prober.verdict("svc-1")
        assert verdict == Verdict(False, "GET /health was answered 500; 200 to 399 is healthy")

    async def test_a_success_between_failures_starts_the_count_anew_and_heals(
        self, world: World, servers: InstanceServers
    ) -> None:
        answers = iter([200, 500, 500, 200, 500, 500, 500, 200])
        address = await servers.serve("i", lambda: http_answer(next(answers)))
        world.watch(address)
        told = [await world.next_change() and world.prober.verdict("svc-1").healthy]
        for asked in range(2, 9):
            world.clock.advance(5_000)
            await world.asked(asked)
            assert world.prober.verdict("svc-1").healthy is (asked != 7)
            if asked in (7, 8):
                await world.next_change()
                told.append(world.prober.verdict("svc-1").healthy)
        assert told == [True, False, True]
        assert world.told.empty()

    async def test_one_that_was_ready_and_never_answers_is_found_unhealthy_all_the_same(
        self, world: World, servers: InstanceServers
    ) -> None:
        # it hangs since before the server was started again
        address = await servers.serve("i", lambda: http_answer(500))
        world.watch(address, was_ready=True)
        for asked in (1, 2, 3):
            await world.asked(asked)
            if asked < 3:
                assert world.prober.verdict("svc-1").healthy is None
                world.clock.advance(5_000)
        await until(lambda: world.prober.verdict("svc-1").healthy is False)


class TestWatching:
    async def test_the_same_run_is_watched_once(
        self, world: World, servers: InstanceServers
    ) -> None:
        address = await servers.serve("i", lambda: http_answer(200))
        world.watch(address)
        await world.next_change()
        world.watch(address)
        assert world.prober.verdict("svc-1").healthy is True
        assert len(servers.requests) == 1

    async def test_another_run_begins_from_nothing(
        self, world: World, servers: InstanceServers
    ) -> None:
        address = await servers.serve("i", lambda: http_answer(200))
        world.watch(address)
        await world.next_change()
        world.watch(address, "another run")
        assert world.prober.verdict("svc-1") == Verdict(None)
        await world.next_change()
        assert world.prober.verdict("svc-1").healthy is True

    async def test_one_that_is_forgotten_is_asked_no_more(
        self, world: World, servers: InstanceServers
    ) -> None:
        for name in ("a", "b"):
            address = await servers.serve(name, lambda: http_answer(200))
            world.watch(address, name=f"svc-{name}")
            await world.next_change()
        world.prober.forget_all_but({"svc-b"})
        assert world.prober.verdict("svc-a") == Verdict(None)
        servers.requests.clear()
        world.clock.advance(5_000)
        await until(lambda: bool(servers.requests))
        assert servers.requests == [("b", "/health")]

    async def test_closing_ends_every_probe_also_one_under_way(
        self, world: World, servers: InstanceServers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(prober, "FIRST_PAUSE_S", 60)
        silent = await servers.serve("silent", lambda: None)
        world.watch(silent)
        await until(lambda: bool(servers.requests))
        await asyncio.wait_for(world.prober.close(), 5)

    async def test_closing_works_whatever_a_probe_met(
        self, world: World, servers: InstanceServers
    ) -> None:
        address = await servers.serve("i", lambda: http_answer(200))
        world.watch(address, check=HealthCheck(path="/he\x7falth"))
        for _ in range(50):
            await asyncio.sleep(0)
        await world.prober.close()


class TestWhatIsUnderWay:
    async def test_a_probe_until_its_verdict_is_there(
        self, world: World, servers: InstanceServers
    ) -> None:
        answer = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await answer.wait()
            writer.write(http_answer(200))
            writer.close()

        path = servers.directory / "slow"
        async with await asyncio.start_unix_server(talk, path):
            world.watch(Address(path=str(path)))
            assert world.prober.asking() == ["svc-1"]
            answer.set()
            await world.next_change()
            assert (world.prober.asking(), world.prober.unready()) == ([], {})

    async def test_an_instance_that_was_never_well_is_unready_and_can_be_asked_at_once(
        self, world: World, servers: InstanceServers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(prober, "FIRST_PAUSE_S", 600.0)
        monkeypatch.setattr(prober, "LONGEST_PAUSE_S", 600.0)
        status = 503
        world.watch(await servers.serve("i", lambda: http_answer(status)))
        await until(lambda: world.prober.unready() == {"svc-1": 1})
        assert world.prober.asking() == []
        world.prober.hurry()
        await until(lambda: world.prober.unready() == {"svc-1": 2})
        status = 200
        world.prober.hurry()
        await until(lambda: world.prober.unready() == {})
        assert world.prober.verdict("svc-1").healthy is True

    async def test_a_forgotten_instance_is_neither(
        self, world: World, servers: InstanceServers
    ) -> None:
        world.watch(await servers.serve("i", lambda: http_answer(503)))
        await until(lambda: bool(world.prober.unready()))
        world.prober.forget("svc-1")
        assert (world.prober.asking(), world.prober.unready()) == ([], {})
