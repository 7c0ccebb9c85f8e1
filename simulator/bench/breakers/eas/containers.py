"""Cases that break one rule on containers and the checks of their health."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from simulator.bench.breakers.eas.making import (
    ABSENT,
    IMAGES,
    Cases,
    above,
    below,
    breaking,
    objects,
    other_ports,
    words,
)
from simulator.eas.rules.probes import HTTP_PROBE, PROBE_NAMES, TCP_PROBE
from simulator.eas.vocabulary import ENGINE_PORTS, OTHER_REGISTRIES

_engine_ports = st.sampled_from(ENGINE_PORTS)
_good_names = st.builds("{}_{}".format, st.sampled_from(("MODE", "model", "_x")), st.integers(0, 9))
_secret_names = st.sampled_from(
    ("DB_PASSWORD", "token", "API_KEY", "OSS_ACCESS_KEY_ID", "CLIENT_SECRET", "MY_APIKEY", "AK_SK")
)


def _of(changes: Mapping[str, Any], bases: tuple[str, ...] = IMAGES) -> Cases:
    """Changes of the first container."""
    return breaking(bases, {f"/containers/0/{place}": value for place, value in changes.items()})


def _one_variable(name: Any, value: Any) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.builds(dict, name=name, value=value).map(lambda one: [one])


def _foreign_images() -> st.SearchStrategy[str]:
    hosts = [f"{host}/" for host in OTHER_REGISTRIES]
    hosts += ["", "localhost:5000/", "eu.gcr.io/", "1234.dkr.ecr.us-east-1.amazonaws.com/"]
    return st.builds("{}{}:{}".format, st.sampled_from(hosts), words(), st.integers(1, 9))


_COMMANDS = st.sampled_from(
    (
        "python app.py --port {}",
        "python app.py --port={} --workers 2",
        "server -p {}",
        "PORT={} ./run.sh",
        "uvicorn --bind 0.0.0.0:{}; sleep 1",
    )
)

_CONTAINERS: Mapping[str, Cases] = {
    "EAS-SVC-100": _of({"port": _engine_ports}),
    "EAS-SVC-101": _of({"port": other_ports()}),
    "EAS-SVC-102": _of({"script": ABSENT}),
    "EAS-SVC-103": _of({"command": words()}),
    "EAS-SVC-104": _of({"image": _foreign_images()}),
    "EAS-SVC-105": _of({"script": st.builds(str.format, _COMMANDS, _engine_ports)}),
    "EAS-SVC-106": _of(
        {
            "image": st.builds(
                "registry.cn-hangzhou.aliyuncs.com/{}{}{}".format,
                words(),
                st.sampled_from(" \t\n"),
                words(0),
            )
        }
    ),
    "EAS-SVC-107": _of(
        {
            "env": _one_variable(
                st.sampled_from(("", "1ST", "A B", "Ä", "a=b", "-x")), st.text("xyz")
            )
            | _one_variable(_good_names, st.sampled_from(("\x00", "a\x00b")))
        }
    ),
    "EAS-SVC-108": _of({"env": _one_variable(_secret_names, words())}),
    "EAS-SVC-109": _of(
        {
            "env": st.builds(
                lambda name, one, two: [{"name": name, "value": one}, {"name": name, "value": two}],
                _good_names,
                words(),
                words(),
            )
        }
    ),
    "EAS-SVC-170": _of({"readiness_check": objects() | words() | st.sampled_from((0, False, []))}),
}

_EXEC_PROBE = {"exec": {"command": ["cat", "/tmp/ready"]}}
_methods = st.sampled_from((HTTP_PROBE, TCP_PROBE, _EXEC_PROBE))
_several = st.sampled_from(
    (
        {},
        HTTP_PROBE | TCP_PROBE,
        TCP_PROBE | _EXEC_PROBE,
        HTTP_PROBE | TCP_PROBE | _EXEC_PROBE,
    )
)
_no_paths = st.builds(str.__add__, words(), st.sampled_from(("", "/x", "?x=1"))) | st.just("/a b")
_no_commands: st.SearchStrategy[Any] = (
    st.sampled_from(([], "", [""], [1], ["a", None], 1, True)) | objects()
)


def _probe(name: str) -> Mapping[str, Cases]:
    """Cases on one of the checks, by the rule's number from the first one on."""
    first = 110 + 20 * PROBE_NAMES.index(name)

    def with_(**fields: Any) -> Cases:
        probe = st.builds(
            lambda method, more: method | more, _methods, st.fixed_dictionaries(fields)
        )
        return _of({name: probe})

    success = below(1) if name == "health_check" else below(1) | above(1)
    unstated = breaking(
        IMAGES, {f"/containers/0/{name}": _methods}, readings={"failure-threshold": "unknown"}
    )
    cases = (
        _of({name: _several}),
        _of({name: st.builds(lambda path: {"http_get": {"path": path, "port": 8000}}, _no_paths)}),
        _of({name: st.builds(lambda port: {"http_get": {"port": port}}, other_ports())}),
        _of({name: st.builds(lambda port: {"tcp_socket": {"port": port}}, other_ports())}),
        _of({name: st.builds(lambda command: {"exec": {"command": command}}, _no_commands)}),
        with_(initial_delay_seconds=below(0)),
        with_(period_seconds=below(1)),
        with_(timeout_seconds=below(1)),
        with_(success_threshold=success),
        with_(failure_threshold=below(1)),
        unstated,
        _of(
            {
                name: st.builds(lambda port: {"tcp_socket": {"port": port}}, _engine_ports)
                | st.builds(lambda port: {"http_get": {"path": "/", "port": port}}, _engine_ports)
            }
        ),
    )
    return {f"EAS-SVC-{first + number}": case for number, case in enumerate(cases)}


BREAKERS: Mapping[str, Cases] = {
    **_CONTAINERS,
    **{rule_id: case for name in PROBE_NAMES for rule_id, case in _probe(name).items()},
}
