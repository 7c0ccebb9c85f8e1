"""Which versions of a new configuration are those that run already: pure."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.store.tables import VersionRow

_RUNS = ("model_id", "specification", "cpus", "memory_mib", "gpus", "npus", "envs", "pools")
"""What an instance is made of: where all of these are equal, instances need not be replaced."""


def numbered(
    before: Sequence[VersionRow], after: Sequence[VersionRow], next_version: int
) -> tuple[list[VersionRow], int]:
    """The new configuration with the ids of its versions, and the number of the next one.

    A version whose instances would be the same keeps its id, whatever its weight and its number of
    instances. Another one gets an id of its own and takes the place of a version that is not kept:
    the one of the same model, else the one at the same place in the configuration, else none.

    Args:
        before: the versions that are there, in order.
        after: those that are wanted, in order; their ids do not matter.
    """
    kept = _kept(before, after)
    left = [row for row in before if row.version_id not in kept.values()]
    numbered_rows = []
    for place, row in enumerate(after):
        values = row.model_dump() | {"position": place, "replaces": ""}
        if place in kept:
            values["version_id"] = kept[place]
        else:
            values["version_id"] = f"v{next_version}"
            next_version += 1
            old = _predecessor(row, place, before, left)
            if old is not None:
                left.remove(old)
                values["replaces"] = old.version_id
        numbered_rows.append(VersionRow(**values))
    return numbered_rows, next_version


def _kept(before: Sequence[VersionRow], after: Sequence[VersionRow]) -> dict[int, str]:
    """Place of each version that stays, and its id."""
    found: dict[int, str] = {}
    for place, row in enumerate(after):
        same = next(
            (one for one in before if _same(one, row) and one.version_id not in found.values()),
            None,
        )
        if same is not None:
            found[place] = same.version_id
    return found


def _same(one: VersionRow, other: VersionRow) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _RUNS)


def _predecessor(
    row: VersionRow, place: int, before: Sequence[VersionRow], left: Sequence[VersionRow]
) -> VersionRow | None:
    of_model = next((one for one in left if one.model_id == row.model_id), None)
    if of_model is not None:
        return of_model
    there = before[place] if place < len(before) else None
    return there if there in left else None
