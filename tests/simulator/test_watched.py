"""Calls of a backend that hang: shown, given up, and never made twice on one instance at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from backends.base import (
    Backend,
    BackendInfo,
    ImageInfo,
    InstanceSpec,
    PackageArtifact,
    Resources,
)
from backends.errors import EngineUnavailable, StartFailed
from backends.fake import FakeBackend
from simulator.watched import Limits, WatchedBackend

SHOWN_AT_ONCE = Limits(shown_s=0, silent_s=0)
GIVEN_UP_AT_ONCE = Limits(shown_s=0, info_s=0.02, read_s=0.02, list_s=0.02, act_s=0.02)
WAIT_S = 10.0

Make = Callable[[WatchedBackend], Coroutine[Any, Any, object]]

READS: dict[str, Make] = {
    "observe": lambda watched: watched.observe(),
    "logs": lambda watched: watched.logs("a-1", 5),
    "inspect_image": lambda watched: watched.inspect_image("shop:1"),
}
ACTS: dict[str, Make] = {
    "start": lambda watched: watched.start(a_spec("a-1")),
    "stop": lambda watched: watched.stop("a-1", 0.0),
    "remove": lambda watched: watched.remove("a-1"),
    "remove_everything": lambda watched: watched.remove_everything(),
}
PREPARE: Make = lambda watched: watched.prepare(PackageArtifact("/m"), str)  # noqa: E731
SUBJECTS = {"observe": "", "remove_everything": "", "inspect_image": "shop:1", "prepare": "/m"}


def a_spec(instance_id: str) -> InstanceSpec:
    return InstanceSpec("test", "a", "v1", instance_id, PackageArtifact("/m"), Resources(1, 64))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
def fake() -> FakeBackend:
    return FakeBackend()


def test_it_is_a_backend(fake: FakeBackend) -> None:
    watched: Backend = WatchedBackend(fake)
    assert isinstance(watched, Backend)
    assert watched.name == "fake"


class TestACallThatComesBack:
    @pytest.mark.parametrize("method", [*ACTS, *READS])
    async def test_is_not_shown_afterwards(self, fake: FakeBackend, method: str) -> None:
        watched = WatchedBackend(fake, SHOWN_AT_ONCE)
        fake.add_image(ImageInfo("shop:1", "sha256:1", 0, "amd64", ""))
        await (ACTS | READS)[method](watched)
        assert fake.count(method) == 1
        assert watched.hanging() == []

    async def test_gives_what_the_backend_gave(self, fake: FakeBackend) -> None:
        watched = WatchedBackend(fake)
        await watched.start(a_spec("a-1"))
        fake.write_log("a-1", "one", "two")
        assert await watched.observe() == await fake.observe()
        assert [line.text for line in await watched.logs("a-1", 1)] == ["two"]
        assert (await watched.info()).available

    @pytest.mark.parametrize("method", ["start", "observe"])
    async def test_fails_as_the_backend_did(self, fake: FakeBackend, method: str) -> None:
        fake.fail_next(method, StartFailed("no port is free"))
        with pytest.raises(StartFailed, match="no port is free"):
            await (ACTS | READS)[method](WatchedBackend(fake))


class TestACallThatHangs:
    @pytest.mark.parametrize("method", [*ACTS, *READS, "prepare"])
    async def test_is_shown_with_what_it_is_about_until_it_comes_back(
        self, fake: FakeBackend, method: str
    ) -> None:
        watched = WatchedBackend(fake, SHOWN_AT_ONCE)
        fake.hang(method)
        calling = asyncio.create_task((ACTS | READS | {"prepare": PREPARE})[method](watched))
        await until(watched.hanging)
        (shown,) = watched.hanging()
        assert (shown.call, shown.subject) == (method, SUBJECTS.get(method, "a-1"))
        assert shown.for_s > 0
        fake.release(method)
        await asyncio.gather(calling, return_exceptions=True)
        assert watched.hanging() == []

    async def test_is_not_shown_while_it_takes_no_longer_than_usual(
        self, fake: FakeBackend
    ) -> None:
        watched = WatchedBackend(fake, Limits(shown_s=60))
        fake.hang("start")
        calling = asyncio.create_task(watched.start(a_spec("a-1")))
        await until(lambda: fake.count("start"))
        assert watched.hanging() == []
        calling.cancel()

    async def test_a_stop_has_its_grace_before_it_is_shown(self, fake: FakeBackend) -> None:
        watched = WatchedBackend(fake, SHOWN_AT_ONCE)
        fake.hang("stop")
        calls = [asyncio.create_task(watched.stop(name, grace)) for name, grace in GRACES]
        await until(watched.hanging)
        assert [shown.subject for shown in watched.hanging()] == ["impatient-1"]
        for call in calls:
            call.cancel()

    async def test_the_longest_stands_first(self, fake: FakeBackend) -> None:
        watched = WatchedBackend(fake, SHOWN_AT_ONCE)
        fake.hang("remove")
        names = ["a-1", "a-2", "a-3"]
        calls = [asyncio.create_task(watched.remove(name)) for name in names]  # begun in this order
        await until(lambda: len(watched.hanging()) == 3)
        assert [shown.subject for shown in watched.hanging()] == names
        for call in calls:
            call.cancel()

    async def test_whoever_is_cancelled_takes_the_call_along(self, fake: FakeBackend) -> None:
        watched = WatchedBackend(fake, SHOWN_AT_ONCE)
        for method in ("observe", "start"):
            fake.hang(method)
            calling = asyncio.create_task((ACTS | READS)[method](watched))
            await until(watched.hanging)
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            await until(lambda: not watched.hanging())


GRACES = [("patient-1", 60.0), ("impatient-1", 0.0)]


class TestAPreparation:
    """Pulling and building take as long as they take."""

    async def test_is_never_given_up(self, fake: FakeBackend) -> None:
        watched = WatchedBackend(fake, GIVEN_UP_AT_ONCE)
        fake.hang("prepare")
        calling = asyncio.create_task(PREPARE(watched))
        fake.hang("start")
        with pytest.raises(EngineUnavailable):
            await watched.start(a_spec("a-1"))
        assert not calling.done()
        fake.release("prepare")
        await calling
        assert fake.prepared == [PackageArtifact("/m")]

    async def test_that_tells_of_itself_is_not_shown(self) -> None:
        class Telling(FakeBackend):
            async def prepare(self, artifact: Any, progress: Any) -> None:
                progress("10 of 30 MB")
                told.append(True)
                await super().prepare(artifact, progress)

        told: list[bool] = []
        fake = Telling()
        watched = WatchedBackend(fake, Limits(silent_s=0.05))
        fake.hang("prepare")
        calling = asyncio.create_task(PREPARE(watched))
        await until(lambda: told)
        assert watched.hanging() == []
        await until(watched.hanging)  # nothing more was heard of it
        fake.release("prepare")
        await calling


class TestTheLimit:
    @pytest.mark.parametrize("method", [*ACTS, *READS])
    async def test_whoever_called_is_told_that_the_engine_does_not_answer(
        self, fake: FakeBackend, method: str
    ) -> None:
        fake.hang(method)
        with pytest.raises(EngineUnavailable) as raised:
            await (ACTS | READS)[method](WatchedBackend(fake, GIVEN_UP_AT_ONCE))
        about = SUBJECTS.get(method, "a-1")
        of = f" of {about}" if about else ""
        assert raised.value.message == f"the call `{method}`{of} has not come back for 0.02 s"
        assert raised.value.retryable

    async def test_an_error_of_time_that_is_the_backends_own_stays_one(
        self, fake: FakeBackend
    ) -> None:
        fake.fail_next("start", TimeoutError("of its own"))  # type: ignore[arg-type]
        with pytest.raises(TimeoutError, match="of its own"):
            await WatchedBackend(fake).start(a_spec("a-1"))

    async def test_a_call_that_acts_is_waited_for_until_it_has_really_ended(self) -> None:
        backend = Stubborn()
        watched = WatchedBackend(backend, GIVEN_UP_AT_ONCE)
        calling = asyncio.create_task(watched.remove("a-1"))
        await until(lambda: backend.was_cancelled)
        await until(watched.hanging)
        assert not calling.done()
        backend.end.set()
        with pytest.raises(EngineUnavailable):
            await calling
        assert watched.hanging() == []

    async def test_a_call_that_only_reads_is_let_go_of(self) -> None:
        backend = Stubborn()
        watched = WatchedBackend(backend, GIVEN_UP_AT_ONCE)
        with pytest.raises(EngineUnavailable):
            await watched.observe()
        await until(lambda: backend.was_cancelled)
        assert [shown.call for shown in watched.hanging()] == ["observe"]
        backend.end.set()
        await until(lambda: not watched.hanging())

    async def test_what_one_hung_call_says_changes_nothing_for_others(
        self, fake: FakeBackend
    ) -> None:
        watched = WatchedBackend(fake)
        fake.hang("logs")
        hung = [asyncio.create_task(watched.logs(f"a-{n}", 1)) for n in range(100)]
        await until(lambda: fake.count("logs") == 100)
        await watched.start(a_spec("b-1"))
        assert [seen.instance_id for seen in await watched.observe()] == ["b-1"]
        for one in hung:
            one.cancel()


class Stubborn(FakeBackend):
    """A backend whose calls go on when they are cancelled, as work in a thread does."""

    def __init__(self) -> None:
        super().__init__()
        self.end = asyncio.Event()
        self.was_cancelled = False

    async def _stay(self) -> None:
        try:
            await self.end.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            await self.end.wait()
            raise

    async def remove(self, instance_id: str) -> None:
        await self._stay()

    async def observe(self) -> list[Any]:
        await self._stay()
        return []


class TestWhatTheBackendIs:
    """Asked for every `drydock status`, which must not hang with it."""

    async def test_is_told_as_it_was_last_when_the_backend_hangs(self) -> None:
        backend = Mute()
        watched = WatchedBackend(backend, GIVEN_UP_AT_ONCE)
        known = await watched.info()
        assert known == backend.known
        backend.answers.clear()
        told = await watched.info()
        assert not told.available
        assert told.detail == "it has not said for 0.02 s what it is"
        assert (told.name, told.survives_server, told.runs_images) == ("mute", True, True)

    async def test_is_asked_once_however_many_want_to_know(self) -> None:
        backend = Mute()
        backend.answers.clear()
        watched = WatchedBackend(backend, GIVEN_UP_AT_ONCE)
        for _ in range(3):
            assert not (await watched.info()).available
        assert backend.asked == 1
        assert [shown.call for shown in watched.hanging()] == ["info"]
        backend.answers.set()
        await until(lambda: not watched.hanging())
        assert (await watched.info()).available


class Mute(FakeBackend):
    """A backend that says what it is only when told to.

    Attributes:
        answers: set while it does.
        asked: how often it was asked.
    """

    known = BackendInfo("mute", True, "says little", True, True)

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked = 0

    @property
    def name(self) -> str:
        return "mute"

    async def info(self) -> BackendInfo:
        self.asked += 1
        await self.answers.wait()
        return self.known


async def test_closing_ends_what_is_still_asked(fake: FakeBackend) -> None:
    backend = Mute()
    backend.answers.clear()
    watched = WatchedBackend(backend, GIVEN_UP_AT_ONCE)
    await watched.info()
    await watched.close()
    await until(lambda: not watched.hanging())
    assert backend.count("close") == 1


def test_the_longest_call_fits_into_the_shortest_deploy_timeout() -> None:
    from simulator.facts import limits

    assert Limits().act_s <= limits.DEPLOY_TIMEOUT_MIN_S
