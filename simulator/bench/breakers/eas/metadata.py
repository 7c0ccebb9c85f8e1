"""Cases that break one rule on metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from simulator.bench.breakers.eas.making import (
    ALL,
    CUSTOM,
    IMAGES,
    PUBLIC,
    Cases,
    Values,
    above,
    below,
    breaking,
    none_of,
    not_positive,
    objects,
    words,
)
from simulator.eas.vocabulary import (
    CUDA_VERSIONS,
    QUALITIES,
    REGIONS,
    SERVICE_TYPES,
    SPREAD_POLICIES,
)
from simulator.rules.rule import REMOVED

_SHARED_GATEWAY = ("image", "web-app", "dedicated", "gpu-slice", "spot", "built-in-processor")
"""Documents without a gateway of their own whose autoscaler does not go to 0."""

_PREFIXES = st.sampled_from(("eas", "r", "EAS-R", "eas_r"))
_scalars = st.booleans() | st.floats(0.5, 9.5) | objects() | st.lists(words(), max_size=1)


def _of(field: str, value: Values | Any, bases: tuple[str, ...] = ALL) -> Cases:
    return breaking(bases, {f"/metadata/{field}": value})


def _but(*bases: str) -> tuple[str, ...]:
    return tuple(base for base in ALL if base not in bases)


_BATCHED = ("batching",)

BREAKERS: Mapping[str, Cases] = {
    "EAS-SVC-050": _of("instance", below(0)),
    # the fullest document has an endpoint of its region, which would then be another's
    "EAS-SVC-051": _of("region", none_of(*REGIONS, empty=False), _but("full")),
    "EAS-SVC-052": _of("workspace_id", _scalars),
    "EAS-SVC-053": _of("cpu", not_positive()),
    "EAS-SVC-054": _of("memory", below(1)),
    "EAS-SVC-055": _of("memory", st.sampled_from((1, 63)) | st.integers(1, 63)),
    "EAS-SVC-056": _of("qos", none_of(*QUALITIES)),
    "EAS-SVC-057": _of("resource", st.builds("{}-{}".format, _PREFIXES, words())),
    # of another type, the queue of an Async service is told too
    "EAS-SVC-058": _of("type", none_of(*SERVICE_TYPES, empty=False), _but("async")),
    "EAS-SVC-059": _of("cuda", none_of(*CUDA_VERSIONS) | st.sampled_from(("12.1", "9", "11"))),
    "EAS-SVC-060": _of("rdma", below(0) | above(1)),
    "EAS-SVC-061": _of("workload_type", none_of("elasticjob", "", empty=False)),
    "EAS-SVC-062": _of(
        "disk", _scalars | below(1) | st.sampled_from(("30 Gi", "Gi", "-1Gi", "0Gi", "30GB", ""))
    ),
    "EAS-SVC-063": _of("shm_size", below(1)),
    "EAS-SVC-064": _of("eas/termination_grace_period", below(0)),
    "EAS-SVC-065": _of("scheduling/spread/policy", none_of(*SPREAD_POLICIES)),
    "EAS-SVC-066": _of(
        "rolling_strategy/max_surge",
        _scalars | below(0) | st.sampled_from(("101%", "2", "%", "-1%", "02%", "")),
    ),
    "EAS-SVC-067": _of("rolling_strategy/max_unavailable", below(0)),
    "EAS-SVC-068": breaking(
        ALL,
        {
            "/metadata/rolling_strategy/max_surge": st.sampled_from((0, "0%")),
            "/metadata/rolling_strategy/max_unavailable": 0,
        },
    ),
    "EAS-SVC-069": _of("resource_burstable", True, PUBLIC),
    "EAS-SVC-070": _of("resource_rebalancing", True, PUBLIC),
    "EAS-SVC-071": _of("gateway", words(), _SHARED_GATEWAY),
    "EAS-SVC-072": _of("gateway", words().map("gw-x{}".format), ("full",)),
    "EAS-SVC-073": breaking(ALL, {"/metadata/release": True, "/metadata/group": words()}),
    "EAS-SVC-080": _of("rpc/keepalive", below(1)),
    "EAS-SVC-081": _of("rpc/batching", True, (*IMAGES, *CUSTOM)),
    "EAS-SVC-082": _of("rpc/max_batch_size", st.integers(1, 64), _but("batching"))
    | _of("rpc/max_batch_timeout", st.integers(0, 500), _but("batching"))
    | _of("rpc/batching", st.sampled_from((False, REMOVED, None)), _BATCHED),
    "EAS-SVC-083": _of("rpc/max_batch_size", below(1), _BATCHED),
    "EAS-SVC-084": _of("rpc/max_batch_timeout", below(0), _BATCHED),
    "EAS-SVC-085": _of("rpc/max_queue_size", below(1)),
    "EAS-SVC-086": _of("rpc/worker_threads", below(1)),
    "EAS-SVC-087": _of("rpc/io_threads", below(1)),
    "EAS-SVC-088": _of("rpc/rate_limit", below(0)),
    "EAS-SVC-089": _of("rpc/enable_jemalloc", below(0) | above(1)),
    "EAS-SVC-090": _of("rpc/proxy_path", words(0) | st.integers() | st.booleans()),
}
