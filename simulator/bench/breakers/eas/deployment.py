"""Cases that break one rule on what is deployed."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from hypothesis import strategies as st

from simulator.bench.breakers.eas.making import (
    ABSENT,
    ALL,
    CUSTOM,
    IMAGES,
    NAME_LETTERS,
    PROCESSORS,
    Cases,
    below,
    breaking,
    names,
    none_of,
    objects,
    words,
)
from simulator.eas.vocabulary import BUILT_IN_PROCESSORS, PROCESSOR_TYPES, SINKS, TRITON
from simulator.rules.rule import REMOVED

_NAMED = tuple(base for base in ALL if base != "older-form")
_CPU_PROCESSORS = tuple(
    code
    for code in BUILT_IN_PROCESSORS
    if not any(word in code for word in ("_gpu", "_cu1", "cuda"))
)
_GPU_PROCESSORS = tuple(code for code in BUILT_IN_PROCESSORS if code not in _CPU_PROCESSORS)
_LENGTHS = names(1, 2) | st.integers(64, 100).flatmap(lambda n: names(n, n))

_wrong_names = st.builds(
    "{}{}{}".format,
    st.text(NAME_LETTERS, min_size=1, max_size=30),
    st.sampled_from("-ABZ. /äß中\n"),
    st.text(NAME_LETTERS, min_size=2, max_size=30),
)
_cpu_processors = st.sampled_from(_CPU_PROCESSORS)
_classes = st.lists(words(), min_size=1, max_size=4).map(".".join)
_local_paths = st.builds(
    str.__add__, st.sampled_from(("./", "/home/", "../", "ftp://", "s3://", "")), words()
)
_no_archives = st.builds(
    "{}example.com/{}{}".format,
    st.sampled_from(("http://", "https://")),
    words(),
    st.sampled_from((".rar", ".pmml", "", "/", ".zip/", ".tgz", ".gz?x=.zip")),
)


def _no_logins() -> st.SearchStrategy[str]:
    plain = words().map(lambda word: base64.b64encode(word.encode()).decode())
    return plain | st.builds("{}:{}".format, words(), words()) | st.sampled_from(("*", "a", "Og=="))


_WHAT: Mapping[str, Cases] = {
    "EAS-SVC-001": breaking(_NAMED, {"/metadata/name": ABSENT})
    | breaking(("older-form",), {"/name": ABSENT}),
    "EAS-SVC-002": breaking(_NAMED, {"/metadata/name": _wrong_names}),
    "EAS-SVC-003": breaking(("older-form",), {"/name": _wrong_names}),
    "EAS-SVC-004": breaking(_NAMED, {"/metadata/name": names(), "/name": names(64, 70)}),
    "EAS-SVC-005": breaking(
        _NAMED, {"/metadata/name": _LENGTHS}, readings={"name-length": "refused"}
    )
    | breaking(("older-form",), {"/name": _LENGTHS}, readings={"name-length": "refused"}),
    "EAS-SVC-006": breaking(_NAMED, {"/metadata/name": _LENGTHS})
    | breaking(("older-form",), {"/name": _LENGTHS}),
    "EAS-SVC-007": breaking(IMAGES, {"/containers": st.sampled_from((REMOVED, None, []))})
    | breaking(("built-in-processor", "batching", "older-form"), {"/processor": ABSENT}),
    "EAS-SVC-008": breaking(
        IMAGES, {"/processor": _cpu_processors, "/model_path": "oss://bucket/model/"}
    ),
    "EAS-SVC-021": breaking(PROCESSORS, {"/metadata/enable_webservice": True}),
}

_PROCESSORS: Mapping[str, Cases] = {
    "EAS-SVC-009": breaking(
        ("built-in-processor", "batching", "triton", "older-form"), {"/model_path": ABSENT}
    ),
    "EAS-SVC-010": breaking(CUSTOM, {"/model_path": ""}, readings={"processor-model": "all"}),
    "EAS-SVC-011": breaking(CUSTOM, {"/processor_type": st.sampled_from((REMOVED, None))}),
    "EAS-SVC-012": breaking(CUSTOM, {"/processor_type": none_of(*PROCESSOR_TYPES, empty=False)}),
    "EAS-SVC-013": breaking(("custom-processor", "full-processor"), {"/processor_entry": ABSENT}),
    "EAS-SVC-014": breaking(("java-processor",), {"/processor_mainclass": ABSENT}),
    "EAS-SVC-015": breaking(CUSTOM, {"/processor_path": ABSENT}),
    "EAS-SVC-016": breaking(
        ("custom-processor", "full-processor"), {"/processor_mainclass": _classes}
    )
    | breaking(("java-processor",), {"/processor_entry": words()}),
    "EAS-SVC-017": breaking(
        ("java-processor",),
        {
            "/processor_mainclass": _classes.flatmap(
                lambda name: st.sampled_from(
                    (f"{name}.", f".{name}", f"{name}/X", f"1{name}", f"{name} ")
                )
            )
        },
    ),
    "EAS-SVC-018": breaking(
        ("built-in-processor", "older-form"),
        {"/processor": st.builds("{}_v{}".format, words(), st.integers(0, 99))},
    ),
    "EAS-SVC-019": breaking(
        ("custom-processor", "full-processor"), {"/processor": _cpu_processors}
    ),
    "EAS-SVC-020": breaking(
        ("triton", "built-in-processor"),
        {
            "/processor": st.sampled_from([c for c in _CPU_PROCESSORS if c != TRITON]),
            "/processor_params": st.lists(words(), min_size=1, max_size=3),
        },
    ),
    "EAS-SVC-022": breaking(
        ("built-in-processor", "older-form"), {"/processor": st.sampled_from(_GPU_PROCESSORS)}
    )
    | breaking(("batching",), {"/metadata/gpu": st.sampled_from((0, REMOVED, None))}),
}

_FILES: Mapping[str, Cases] = {
    "EAS-SVC-030": breaking(PROCESSORS, {"/model_path": _local_paths}),
    "EAS-SVC-031": breaking(PROCESSORS, {"/model_path": _no_archives}),
    "EAS-SVC-032": breaking(CUSTOM, {"/processor_path": _local_paths}),
    "EAS-SVC-033": breaking(CUSTOM, {"/processor_path": _no_archives}),
    "EAS-SVC-034": breaking(PROCESSORS, {"/oss_endpoint": words() | st.just("oss.aliyuncs.com")})
    | breaking(
        ("full-processor",),
        {
            "/oss_endpoint": st.sampled_from(
                ("oss-cn-shanghai.aliyuncs.com", "oss-cn-beijing-internal.aliyuncs.com")
            )
        },
        readings={"oss-endpoint": "own-internal"},
    )
    | breaking(
        ("full-processor",),
        {
            "/oss_endpoint": st.sampled_from(
                ("oss-cn-shanghai.aliyuncs.com", "oss-cn-beijing-internal.aliyuncs.com")
            )
        },
        readings={"oss-endpoint": "other-public"},
    ),
    "EAS-SVC-035": breaking(ALL, {"/dockerAuth": _no_logins()}),
    "EAS-SVC-036": breaking(
        ALL, {"/generate_token": none_of("true", "false") | st.integers(0, 1) | objects()}
    ),
    "EAS-SVC-037": breaking(ALL, {"/sinker": st.builds(dict, type=none_of(*SINKS))}),
    "EAS-SVC-038": breaking(
        ALL,
        {
            "/sinker": st.sampled_from(
                (
                    {"type": "sls"},
                    {"type": "sls", "config": {}},
                    {"type": "sls", "config": {"maxcompute": {"project": "p", "table": "t"}}},
                    {"type": "maxcompute", "config": {"sls": {"project": "p", "logstore": "s"}}},
                )
            )
        },
    ),
    "EAS-SVC-039": breaking(ALL, {"/unit/size": below(1)}),
    "EAS-SVC-040": breaking(
        ALL,
        {"/runtime/termination_grace_period": below(0) | words() | st.booleans() | st.just(1.5)},
    ),
}

BREAKERS: Mapping[str, Cases] = {**_WHAT, **_PROCESSORS, **_FILES}
