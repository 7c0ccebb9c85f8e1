"""Sound documents are accepted, nothing is told of them, and they are as rich as the documents."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from simulator.bench import strategies as bench
from simulator.bench.breakers.shapes import patterns
from simulator.bench.cases import Case
from simulator.bench.strategies.wish import Document, holder_of
from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.common import CHANGE, CREATE
from tests.support.judged import EXAMPLES, collected, drawn, ids, report_of, told

Make = Callable[..., st.SearchStrategy[Document]]
STRATEGIES: dict[str, tuple[str, Make]] = {
    "deploy_requests": (CREATE, bench.deploy_requests),
    "real_time": (CREATE, bench.real_time),
    "batch": (CREATE, bench.batch),
    "edge": (CREATE, bench.edge),
    "custom_spec": (CREATE, bench.custom_spec),
    "scheduled": (CREATE, bench.scheduled),
    "multi_version": (CREATE, bench.multi_version),
    "multi_pool": (CREATE, bench.multi_pool),
    "updates": (CHANGE, bench.updates),
    "models": ("create-model", bench.models),
    "config_files": ("config-json", bench.config_files),
    "manifests": ("manifest", bench.manifests),
    "batch_inputs": ("batch-input", bench.batch_inputs),
    "predictions": ("prediction", bench.predictions),
}
WITH_UNKNOWN = [name for name, (_, make) in STRATEGIES.items() if make.__kwdefaults__]
SOUND = 12 * min(EXAMPLES, 100)
"""Documents of each kind: 60, and up to 1,200 where more is to be proven."""


@pytest.mark.parametrize("name", STRATEGIES)
def test_sound_documents_are_accepted_and_nothing_is_told(name: str) -> None:
    subject, make = STRATEGIES[name]
    seen = 0

    @drawn(SOUND)
    @given(make())
    def accepted(document: Document) -> None:
        nonlocal seen
        seen += 1
        assert told(report_of(Case(subject, document))) == []
        assert json.loads(json.dumps(document)) == document, "it is JSON"

    accepted()
    assert seen >= SOUND // 2


@pytest.mark.parametrize("name", WITH_UNKNOWN)
def test_unknown_fields_come_only_when_asked_for(name: str) -> None:
    subject, make = STRATEGIES[name]
    with_unknown = 0
    for document in collected(make(unknown=True), 60):
        report = report_of(Case(subject, document))
        assert report.violations == []
        assert ids(report.warnings) <= {"MA-UNKNOWN"}
        with_unknown += bool(report.warnings)
    assert with_unknown >= 5


def test_requests_are_admitted_in_their_worlds() -> None:
    seen: Counter[str] = Counter()

    @drawn(2 * SOUND)
    @given(bench.admissible())
    def admitted(case: Case) -> None:
        seen[case.subject] += 1
        assert told(report_of(case)) == []
        assert told(Case(case.subject, case.document).judge(CATALOGUE)) == []
        known = CATALOGUE.judge(case.subject, case.document, None, case.facts)
        assert told(known) == [], "sound too where the service that is changed is known"

    admitted()
    assert set(seen) == {CREATE, CHANGE, "create-model"}
    assert min(seen.values()) >= 10


@pytest.mark.parametrize("subject", [CREATE, CHANGE, "create-model"])
def test_the_documents_own_requests_have_worlds_too(subject: str) -> None:
    for name in CATALOGUE.subject(subject).examples:
        document = CATALOGUE.documents[name]
        for facts in collected(bench.facts_for(document), 10, least=2):
            assert told(CATALOGUE.admit(subject, document, facts)) == []


def _present(document: Any, pattern: list[str]) -> set[str]:
    """What stands at a pattern of a document: `value`, `null`, `absent`."""
    if not pattern:
        return {"null" if document is None else "value"}
    first, *rest = pattern
    if first == "*":
        items = document if isinstance(document, list) else []
        if isinstance(document, dict):
            is_map = all(isinstance(item, dict) for item in document.values())
            items = list(document.values()) if is_map else [document]
        return {way for item in items for way in _present(item, rest)}
    if not isinstance(document, dict):
        return set()
    if first not in document:
        return set() if rest else {"absent"}
    return _present(document[first], rest)


@pytest.mark.parametrize("subject", [subject.name for subject in CATALOGUE.subjects])
def test_every_documented_field_is_drawn_and_optional_ones_are_null_and_absent_too(
    subject: str,
) -> None:
    documents = collected(bench.documents(subject), 300)
    fields = list(patterns(CATALOGUE.subject(subject).shape))
    for holder in sorted({holder_of(pattern) for pattern, _ in fields} - {""}):
        documents += collected(bench.documents(subject, bench.ANY.with_(holder)), 80)
    for pattern, field in fields:
        parts = pattern.split("/")[1:]
        seen = {way for document in documents for way in _present(document, parts)}
        assert "value" in seen, pattern
        if field.must_rule is not None:
            assert seen == {"value"}, pattern
        elif pattern != "/additional_properties/smn_notification":  # the reading's default
            assert {"null", "absent"} <= seen, pattern


class TestVariety:
    """What a deploy request can be like, seen in some a thousand of them."""

    documents: list[Document]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _draw(cls) -> None:
        cls.documents = collected(bench.deploy_requests(), 1000)

    def versions(self) -> list[Document]:
        return [version for document in self.documents for version in document["config"]]

    def test_of_every_kind(self) -> None:
        kinds = Counter(document["infer_type"] for document in self.documents)
        assert set(kinds) == {"real-time", "batch", "edge"}
        assert min(kinds.values()) >= 40

    def test_weights_are_numbers_and_strings(self) -> None:
        assert {type(v.get("weight")) for v in self.versions()} == {int, str, type(None)}

    def test_notifications_are_maps_and_flat(self) -> None:
        sent = [
            (document.get("additional_properties") or {}).get("smn_notification")
            for document in self.documents
        ]
        assert any(one and "events" in one for one in sent)
        assert any(one and all(isinstance(v, dict) for v in one.values()) for one in sent)
        assert {} in sent

    def test_pools_of_both_kinds_stand_everywhere(self) -> None:
        for name in ("cluster_id", "pool_name"):
            assert any(document.get(name) for document in self.documents)
            assert any(version.get(name) for version in self.versions())
            places = [*self.documents, *self.versions()]
            assert any("," in (place.get(name) or "") for place in places)

    def test_paths_come_in_all_forms(self) -> None:
        paths = [version["src_path"] for version in self.versions() if version.get("src_path")]
        for form in ("obs://", "s3://", "//", "https://"):
            assert any(path.startswith(form) for path in paths), form
        assert any(path.startswith("/") and path[1] != "/" for path in paths)
        assert any(version.get("src_type") == "ManifestFile" for version in self.versions())

    def test_mapping_rules_are_nested(self) -> None:
        rules = [json.dumps(version.get("mapping_rule")) for version in self.versions()]
        assert any(rule.count('"properties"') >= 2 for rule in rules)
        assert any('"items": [' in rule for rule in rules)
        assert any('"items": {' in rule for rule in rules)

    def test_names_have_chinese_characters_and_all_lengths(self) -> None:
        names = [document["service_name"] for document in self.documents]
        assert any(not name.isascii() for name in names)
        assert min(map(len, names)) == 1
        assert max(map(len, names)) >= 50

    def test_there_are_networks_schedules_and_websockets(self) -> None:
        attributes = [document.get("additional_properties") or {} for document in self.documents]
        assert any(document.get("vpc_id") for document in self.documents)
        assert any(document.get("schedule") for document in self.documents)
        assert any(one.get("websocket_upgrade") for one in attributes)
        assert any(one.get("log_report_channels") for one in attributes)


def test_each_named_strategy_draws_what_its_name_says() -> None:
    for document in collected(bench.custom_spec(), 50):
        custom = [v for v in document["config"] if v["specification"] == "custom"]
        assert custom
        assert all(v["custom_spec"] for v in custom)
    for document in collected(bench.scheduled(), 50):
        assert document["schedule"]
    for document in collected(bench.multi_version(), 50):
        assert 2 <= len(document["config"]) <= 5
    for document in collected(bench.multi_pool(), 50):
        places = [document, *document["config"]]
        assert any("," in (p.get(n) or "") for p in places for n in ("cluster_id", "pool_name"))


def test_documents_shrink_to_the_least_there_is() -> None:
    assert find(bench.real_time(), lambda _: True, settings=drawn(200)) == {
        "service_name": "0",
        "infer_type": "real-time",
        "config": [
            {
                "model_id": "0",
                "specification": "modelarts.vm.cpu.2u",
                "instance_count": 1,
                "weight": 100,
            }
        ],
    }
    smallest = find(bench.deploy_requests(), lambda d: len(d["config"]) > 1, settings=drawn(300))
    assert set(smallest) == {"service_name", "infer_type", "config"}
    assert len(smallest["config"]) == 2
