"""What a user may have, as data: each quota with its documented size."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.facts import limits

REAL_TIME_SERVICES = "real-time-services"
BATCH_SERVICES = "batch-services"
PUBLIC_INSTANCES = "public-instances"
APPS = "apps"

SIZE_MAX = 1_000_000
"""The largest size that a quota can be given; our own bound."""


@dataclass(frozen=True)
class Quota:
    """A limit on what one user has in one project. Each is a count.

    Attributes:
        default: the documented size.
        statement: what counts, in one sentence.
        source: document and place that states it.
    """

    name: str
    default: int
    statement: str
    source: str


QUOTAS: dict[str, Quota] = {
    quota.name: quota
    for quota in (
        Quota(
            REAL_TIME_SERVICES,
            limits.REAL_TIME_SERVICES,
            "Real-time services in the public pool, whatever their status, until they are deleted.",
            "Deploying as a Real-Time Service, constraints",
        ),
        Quota(
            BATCH_SERVICES,
            limits.BATCH_SERVICES,
            "Batch services, whatever their status, until they are deleted.",
            "Deploying as a Batch Service, context",
        ),
        Quota(
            PUBLIC_INSTANCES,
            limits.REAL_TIME_SERVICES * limits.INSTANCES_LARGEST,
            "Instances that the real-time services in the public pool are configured with.",
            "Deploying as a Real-Time Service, quota calculation; no document states a size, "
            "2,560 is 20 services of 128 instances",
        ),
        Quota(
            APPS,
            limits.APPS,
            "Apps, which call services by key or code, until they are deleted.",
            "App Authentication Management, Creating an App",
        ),
    )
}
"""All quotas by name, in the order in which they are shown."""
