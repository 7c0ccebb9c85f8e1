"""Random histories of a service through the real store: what is read back is what was decided, runs
are metered to the millisecond, and the shown configuration is the one in force."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.lifecycle.objects import Version
from simulator.lifecycle.plan import Policy
from simulator.store.queries import Store
from tests.simulator.lifecycle.test_histories import (
    POOLS,
    Step,
    assert_settled,
    behaviours,
    durations,
    happenings,
    play,
    versions,
)
from tests.support.builders import NOW, a_deployment
from tests.support.fresh_store import make_database
from tests.support.simulated_world import Behaviour
from tests.support.stored_world import StoredWorld

HISTORIES = int(os.environ.get("DRYDOCK_PROVE_STORED_HISTORIES", "25"))


@settings(
    max_examples=HISTORIES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    versions,
    st.booleans(),
    st.lists(behaviours, max_size=2),
    st.lists(st.tuples(happenings(), durations), min_size=4, max_size=12),
)
def test_the_store_keeps_what_was_decided_through_every_history(
    wanted: tuple[Version, ...],
    waits: bool,
    coming: list[Behaviour],
    history: list[tuple[Step, int]],
) -> None:
    with tempfile.TemporaryDirectory(prefix="drydock-") as directory:
        store = Store(make_database(Path(directory) / "state.db"))
        try:
            deployment = a_deployment(versions=wanted, next_version=len(wanted) + 1)
            policy = Policy(waits_for_room=waits)
            world = StoredWorld(
                deployment, NOW, coming=coming, pools=POOLS, policy=policy, store=store
            )
            play(world, history)
            assert_settled(world)
        finally:
            store.close()
