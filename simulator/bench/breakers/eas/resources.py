"""Cases that break one rule on machines, networks, storage, scaling, and what the region has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from simulator.bench.breakers.eas.making import (
    ABSENT,
    IMAGES,
    PUBLIC,
    Cases,
    above,
    below,
    breaking,
    names,
    none_of,
    not_positive,
    other_ports,
    words,
)
from simulator.eas.rules.autoscaler import QUEUE_METRIC
from simulator.eas.rules.documents import FACTS
from simulator.eas.vocabulary import MAX_REPLICAS, MAX_REPLICAS_OLDER, REGIONS, STORAGE_KINDS
from simulator.rules.rule import REMOVED

_SLICE = ("gpu-slice",)
_SPOT = ("spot",)
_FULL = ("full",)
_SCALED = ("autoscaled",)
_GOING_TO_ZERO = ("autoscaled", "async")
_UNSIZED = tuple(base for base in PUBLIC if base not in ("spot", "async"))
"""Services in the public group that name no machine and are of the type Standard."""

_machines = st.builds("{}{}".format, st.sampled_from(("c7a.", "ECS.", "ecs-", "gpu ")), words())
_no_share = (
    below(0)
    | st.sampled_from(("101%", "%", "20", "-1%", "some", "", True, 1.5))
    | st.lists(words(), max_size=1)
)


def _of(prefix: str, bases: tuple[str, ...], **readings: str) -> Any:
    """Makes cases that change places below a prefix."""

    def make(changes: Mapping[str, Any], **more: str) -> Cases:
        placed = {f"{prefix}{place}": value for place, value in changes.items()}
        return breaking(bases, placed, readings=readings | more)

    return make


_gpu = _of("/metadata", _SLICE)
_spot = _of("/cloud/computing", _SPOT)

_MACHINES: Mapping[str, Cases] = {
    "EAS-SVC-180": _gpu({"/gpu": below(0)}),
    "EAS-SVC-181": _gpu({"/gpu_memory": below(1)}),
    "EAS-SVC-182": _gpu({"/gpu_core_percentage": below(1) | above(100)}),
    "EAS-SVC-183": _gpu({"/gpu": above(1)}),
    "EAS-SVC-184": _gpu({"/gpu": 1}) | _gpu({"/gpu": 1, "/gpu_memory": REMOVED}),
    "EAS-SVC-185": _gpu({"/gpu_memory": st.sampled_from((REMOVED, None))})
    | _gpu({"/gpu_memory": REMOVED, "/gpu": above(1)}),
    "EAS-SVC-190": breaking(_FULL, {"/cloud/computing/instance_type": _machines}),
    "EAS-SVC-191": _spot({"/instances/0/type": _machines}),
    "EAS-SVC-192": _spot({"/instance_type": words().map("ecs.{}".format)}),
    "EAS-SVC-193": _spot({"/instances/0/type": ABSENT})
    | _spot({"/instances/0/dedicated_resource": words().map("eas-r-{}".format)}),
    "EAS-SVC-194": _spot({"/instances/0/spot_price_limit": not_positive()}),
    "EAS-SVC-195": _spot({"/instances/0/capacity": _no_share})
    | _spot({"/instances/1/capacity": _no_share}),
    "EAS-SVC-196": _spot({"/instances/1/spot_price_limit": st.floats(0.01, 9)}),
    "EAS-SVC-197": _spot({"/instances/0/spot_price_limit": st.sampled_from((REMOVED, None))})
    | breaking(IMAGES, {"/cloud/computing": {"disable_spot_protection_period": True}}),
    "EAS-SVC-198": breaking(_UNSIZED, {"/metadata/cpu": st.sampled_from((REMOVED, None))})
    | breaking(_UNSIZED, {"/metadata/memory": st.sampled_from((REMOVED, None))}),
    "EAS-SVC-199": st.sampled_from(("vpc_id", "vswitch_id", "security_group_id")).flatmap(
        lambda name: breaking(_FULL, {f"/cloud/networking/{name}": ABSENT})
    ),
}

_network = _of("/networking", _FULL)
_POLICY = "/gateway_policy"

_NETWORKING: Mapping[str, Cases] = {
    "EAS-SVC-210": breaking(
        ("image", "web-app", "dedicated", "spot"), {"/networking/gateway": words()}
    ),
    "EAS-SVC-211": _network({f"{_POLICY}/rate_limit/limit": st.sampled_from((REMOVED, None))}),
    "EAS-SVC-212": _network({f"{_POLICY}/rate_limit/limit": below(1)}),
    "EAS-SVC-213": _network(
        {f"{_POLICY}/concurrency_limit/limit": st.sampled_from((REMOVED, None))}
    ),
    "EAS-SVC-214": _network({f"{_POLICY}/concurrency_limit/limit": below(1)}),
    "EAS-SVC-215": _network({"/nlb/0/listener_port": 8080}),
    "EAS-SVC-216": _network({"/nlb/0/listener_port": other_ports()}),
    "EAS-SVC-217": _network({"/nlb/0/netType": none_of("intranet", "internet")}),
}

_storage = _of("/storage", _FULL)
_INDEX = {kind: index for index, kind in enumerate(STORAGE_KINDS)}
_mount_paths = st.lists(words(), min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))


def _overlapping(bases: tuple[str, ...]) -> Cases:
    def entries(path: str, end: str) -> list[dict[str, Any]]:
        oss = {"path": "oss://bucket/data/"}
        return [{"mount_path": path, "oss": oss}, {"mount_path": path + end, "oss": oss}]

    ends = st.sampled_from(("", "/", "/deeper", "/deeper/", "//x"))
    both_ways = st.builds(entries, _mount_paths, ends).flatmap(
        lambda made: st.sampled_from((made, made[::-1]))
    )
    return breaking(bases, {"/storage": both_ways})


def _two_kinds(first: str, second: str) -> Cases:
    values = {"oss": {"path": "oss://bucket/x"}, "code": {"id": "c"}, "empty_dir": {}}
    entry = {"mount_path": "/data", first: values[first], second: values[second]}
    return breaking(IMAGES, {"/storage": [entry]})


_STORAGE: Mapping[str, Cases] = {
    "EAS-SVC-220": _two_kinds("oss", "code")
    | _two_kinds("code", "empty_dir")
    | breaking(IMAGES, {"/storage": _mount_paths.map(lambda path: [{"mount_path": path}])}),
    "EAS-SVC-221": _overlapping(IMAGES),
    "EAS-SVC-222": _storage(
        {"/0/mount_path": st.builds("{}{}".format, words(), st.sampled_from(("", "/x")))}
    )
    | _storage({"/0/mount_path": st.just("/mnt/x/../y")}),
    "EAS-SVC-223": _storage({"/0/properties/resource_type": none_of("model", "code")}),
    "EAS-SVC-224": _storage(
        {"/0/oss/path": words() | st.sampled_from(("oss://", "oss:///", "s3://b/", "", "OSS://b"))}
    ),
    "EAS-SVC-225": _storage(
        {
            "/0/oss/endpoint": st.builds(
                "{}oss-{}{}.aliyuncs.com".format,
                st.sampled_from(("", "https://")),
                st.sampled_from([region for region in REGIONS if region != "cn-shanghai"]),
                st.sampled_from(("", "-internal")),
            )
        }
    ),
    "EAS-SVC-226": _storage({f"/{_INDEX['nfs']}/nfs/path": words(0)}),
    "EAS-SVC-227": _storage(
        {
            f"/{_INDEX['nfs']}/nfs/server": st.builds(
                "{}{}.aliyuncs.com".format,
                words().map("cpfs-{}.".format),
                st.sampled_from(("cn-shanghai.cpfs.nas", "cn-beijing.cpfs", "cn-beijing.nas")),
            )
        }
    ),
    "EAS-SVC-228": _storage(
        {
            f"/{_INDEX['git']}/git/repo": st.sampled_from(
                (
                    "git@example.com:a/b.git",
                    "http://example.com/a",
                    "https://",
                    "ssh://example.com/a",
                )
            )
        }
    ),
    "EAS-SVC-229": _storage({f"/{_INDEX['empty_dir']}/empty_dir/medium": none_of("memory")}),
    "EAS-SVC-230": _storage({f"/{_INDEX['empty_dir']}/empty_dir/size_limit": not_positive()}),
}

_scaler = _of("/autoscaler", _SCALED)
_window = "/behavior/{}/stabilizationWindowSeconds"
_no_targets = st.sampled_from((0, -1, "ten", "", True, None, [1])) | st.floats(-9, 0)

_SCALING: Mapping[str, Cases] = {
    "EAS-SVC-240": _scaler({"/min": below(0)})
    | _scaler({"/min": below(1)}, **{"autoscaler-range": "api"}),
    "EAS-SVC-241": _scaler({"/max": above(MAX_REPLICAS)})
    | _scaler({"/max": above(MAX_REPLICAS_OLDER)}, **{"autoscaler-max": "3000"}),
    "EAS-SVC-242": _scaler({"/min": above(10)})
    | _scaler({"/min": 10}, **{"autoscaler-range": "api"}),
    "EAS-SVC-243": breaking(_FULL, {"/autoscaler/min": 0})
    | breaking(_GOING_TO_ZERO, {"/networking": {"gateway": "gw-1"}})
    | breaking(_GOING_TO_ZERO, {"/metadata/gateway": words().map("gw-{}".format)}),
    "EAS-SVC-244": _scaler({"/strategies": st.dictionaries(words(), _no_targets, min_size=1)}),
    "EAS-SVC-245": _scaler(
        {
            "/scaleStrategies": not_positive().map(
                lambda value: [{"metricName": "cpu", "threshold": value}]
            )
        }
    ),
    "EAS-SVC-246": _scaler({f"/strategies/{QUEUE_METRIC}": st.integers(1, 99)}),
    "EAS-SVC-247": _scaler({_window.format("scaleUp"): below(0)}),
    "EAS-SVC-248": _scaler({_window.format("scaleDown"): below(0)}),
    "EAS-SVC-249": _scaler({"/behavior/onZero/scaleDownGracePeriodSeconds": below(0)}),
    "EAS-SVC-250": _scaler({"/behavior/onZero/scaleUpActivationReplicas": below(1)}),
    "EAS-SVC-251": breaking(
        _SCALED, {"/autoscaler/min": st.integers(1, 5), "/metadata/instance": 5}
    ),
    "EAS-SVC-252": breaking(
        IMAGES,
        {"/autoscaler": {"min": 3, "max": 5}, "/metadata/instance": st.integers(0, 2) | above(5)},
    ),
}


def _taken(place: str, bases: tuple[str, ...]) -> Cases:
    return names().flatmap(
        lambda name: breaking(bases, {place: name}, facts=replace(FACTS, names=frozenset({name})))
    )


_ON_CPFS = replace(FACTS, datasets={**FACTS.datasets, "d-cpfs": "CPFS"})

_ADMISSION: Mapping[str, Cases] = {
    "EAS-SVC-260": _taken("/metadata/name", (*IMAGES, "built-in-processor"))
    | _taken("/name", ("older-form",)),
    "EAS-SVC-261": breaking(_FULL, {"/storage/2/dataset/id": "d-cpfs"}, facts=_ON_CPFS),
}

BREAKERS: Mapping[str, Cases] = {
    **_MACHINES,
    **_NETWORKING,
    **_STORAGE,
    **_SCALING,
    **_ADMISSION,
}
