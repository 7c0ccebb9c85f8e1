"""The order of writes."""

from __future__ import annotations

from simulator.gateway.render import Rendering, render
from simulator.gateway.state import Availability, Endpoint, VersionRoute
from simulator.gateway.transition import Step, keeping, steps, versions
from tests.simulator.gateway.support import a_service, a_state, with_services

A, B, C = (Endpoint(name, path=f"/{name}") for name in "abc")


def rendered(**endpoints: tuple[Endpoint, ...]) -> Rendering:
    """One service whose versions are the keywords, with equal weights."""
    routes = tuple(VersionRoute(name, 50, value) for name, value in endpoints.items())
    return render(with_services(a_state(), a_service("s", versions=routes)))


def clusters(step: Step) -> dict[str, str]:
    """The written clusters: name to the names of their endpoints, in order of the alphabet."""
    assert list(step.writes) == ["cds.json"]
    found = {}
    for cluster in step.writes["cds.json"]["resources"]:
        paths = [
            one["endpoint"]["address"]["pipe"]["path"].removeprefix("/")
            for locality in cluster["load_assignment"]["endpoints"]
            for one in locality["lb_endpoints"]
        ]
        found[cluster["name"]] = "".join(sorted(paths))
    return found


def test_nothing_to_do_takes_no_step() -> None:
    assert steps(rendered(v1=(A,)), rendered(v1=(A,))) == []


def test_new_version_comes_before_its_route() -> None:
    before, after = rendered(v1=(A,)), rendered(v1=(A,), v2=(B,))
    grown, switched = steps(before, after)
    assert clusters(grown) == {"s.v1": "a", "s.v2": "b"}
    assert set(grown.awaited) == {"cluster_manager.cds"}
    assert list(switched.writes) == ["rds.json"]
    assert switched.awaited == {"http.gateway.rds.gateway": after.files["rds.json"]["version_info"]}


def test_old_version_goes_after_its_route() -> None:
    switched, final = steps(rendered(v1=(A,), v2=(B,)), rendered(v1=(A,)))
    assert list(switched.writes) == ["rds.json"]
    assert clusters(final) == {"s.v1": "a"}


def test_replaced_version_overlaps_with_the_new_one() -> None:
    grown, switched, final = steps(rendered(v1=(A,)), rendered(v2=(B,)))
    assert clusters(grown) == {"s.v1": "a", "s.v2": "b"}
    assert list(switched.writes) == ["rds.json"]
    assert clusters(final) == {"s.v2": "b"}


def test_instance_comes_in_one_step_without_routes() -> None:
    (step,) = steps(rendered(v1=(A,)), rendered(v1=(A, B)))
    assert clusters(step) == {"s.v1": "ab"}


def test_instance_goes_in_one_step_without_routes() -> None:
    (step,) = steps(rendered(v1=(A, B)), rendered(v1=(B,)))
    assert clusters(step) == {"s.v1": "b"}


def test_replaced_instance_overlaps_with_the_new_one() -> None:
    first, second = steps(rendered(v1=(A, B)), rendered(v1=(B, C)))
    assert clusters(first) == {"s.v1": "abc"}
    assert clusters(second) == {"s.v1": "bc"}


def test_stopped_service_loses_its_route_before_its_instances() -> None:
    stopped = render(
        with_services(
            a_state(),
            a_service("s", versions=(VersionRoute("v1", 50),), availability=Availability.STOPPED),
        )
    )
    switched, final = steps(rendered(v1=(A,)), stopped)
    assert list(switched.writes) == ["rds.json"]
    assert clusters(final) == {"s.v1": ""}


def test_steps_end_at_the_new_files_from_anywhere() -> None:
    some = [
        rendered(),
        rendered(v1=(A,)),
        rendered(v1=(A, B), v2=()),
        rendered(v2=(C,)),
        rendered(v1=(C,), v2=(A,), v3=()),
    ]
    for old in some:
        for new in some:
            files = dict(old.files)
            for step in steps(old, new):
                files.update(step.writes)
            assert files == new.files


def test_every_file_is_awaited_at_a_start() -> None:
    assert set(versions(rendered(v1=(A,)))) == {
        "listener_manager.lds",
        "cluster_manager.cds",
        "http.gateway.rds.gateway",
    }


def test_retired_version_keeps_its_cluster_and_loses_its_route() -> None:
    before, after = rendered(v1=(A,)), rendered(v2=(B,))
    kept = keeping(before, after, {"s.v1"})
    grown, switched = steps(before, kept)
    assert clusters(grown) == {"s.v1": "a", "s.v2": "b"}
    assert switched.writes == {"rds.json": after.files["rds.json"]}
    assert keeping(kept, after, ()) == after
