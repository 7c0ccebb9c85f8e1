"""A provider's rules: found, asked by level, with readings; and their examples."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import pytest

from simulator.rules.catalogue import (
    Catalogue,
    Subject,
    UnknownReading,
    changed,
    is_about_shape,
)
from simulator.rules.rule import (
    FINE,
    REMOVED,
    Example,
    Findings,
    Level,
    Proof,
    Reading,
    Rule,
    Scope,
    Severity,
    Source,
    here,
)
from simulator.rules.shape import Shape, Table
from tests.simulator.rules.toys import PAGE, UNKNOWN, WRONG, Toy, Wheel, always, rule, unless

READING = Reading("size", "How large?", {"small": "to 3", "large": "to 30"}, "small", "so")
OTHER = Reading("colour", "Which?", {"any": "any", "red": "red"}, "any", "so")


@dataclass(frozen=True)
class World:
    names: frozenset[str] = frozenset()
    models: dict[str, str] = field(default_factory=dict)
    pools: dict[str, str] = field(default_factory=dict)


def _size(value: int, scope: Scope) -> Findings:
    highest = {"small": 3, "large": 30}[scope.readings["size"]]
    return FINE if value <= highest else here("is too large")


def _name_free(value: str, scope: Scope) -> Findings:
    return here("is taken") if value in scope.facts.names else FINE


DOCUMENTS: dict[str, dict[str, Any]] = {
    "bare": {"name": "car"},
    "car": {"name": "car", "wheels": [{"size": 3}, {"size": 2, "colour": "red"}]},
    "full": {
        "name": "car", "price": 1, "sold": True, "weight": 1, "labels": {"en": "car"},
        "spares": {"front": {"size": 1}}, "extra": {}, "note": 1, "made-in/by~whom": "Ulm",
        "counts": [1], "axle": {"size": 1},
    },
    "wheel": {"size": 3, "colour": "red"},
}  # fmt: skip
TOY = Subject("toy", "toy", Toy, ("bare", "car", "full"))
WHEEL = Subject("wheel", "wheel", Wheel, ("wheel",))
SIZE = rule(
    "R-SIZE", "/wheels/*/size", _size, reading="size", example=Example("car", {"/wheels/0/size": 4})
)
TAKEN = rule(
    "R-TAKEN",
    "/name",
    _name_free,
    level=Level.ADMISSION,
    example=Example("bare", {}, facts={"names": frozenset({"car"})}),
)
LATE = rule("R-LATE", "/price", always("x"), level=Level.UPDATE)
LATER = rule(
    "R-LATER",
    "/counts/*",
    unless(1),
    level=Level.RUNTIME,
    example=Example("full", {"/counts/0": 2}),
)
TOLD = rule("R-TOLD", "/colour", always("x"), subjects=("wheel",), severity=Severity.WARNING,
            example=Example("wheel", {}))  # fmt: skip
RULES = Catalogue(
    provider="toys",
    subjects=(TOY, WHEEL),
    written=(SIZE, TAKEN, LATE, LATER, TOLD),
    readings=(READING, OTHER),
    unknown=UNKNOWN,
    documents=DOCUMENTS,
    facts=World(models={"m": "a model"}, pools={"p": "a pool"}),
)


def ids(told: list[Any]) -> list[str]:
    return [one.rule for one in told]


class TestRules:
    def test_types_and_mandatory_fields_come_first_then_what_is_written_then_unknown_fields(
        self,
    ) -> None:
        names = [one.id for one in RULES.rules]
        assert names[:4] == ["TOY-MUST-0101", "TOY-TYPE-0101", "TOY-TYPE-0102", "TOY-TYPE-0103"]
        assert names[-6:] == ["R-SIZE", "R-TAKEN", "R-LATE", "R-LATER", "R-TOLD", "TOY-UNKNOWN"]
        assert all(is_about_shape(one) for one in RULES.rules[:-6])
        assert not is_about_shape(SIZE)

    def test_a_field_of_any_value_has_no_rule_on_its_type(self) -> None:
        assert "TOY-TYPE-0109" not in RULES.by_id

    def test_but_one_on_its_presence_where_it_is_mandatory(self) -> None:
        @dataclass(frozen=True, kw_only=True)
        class Box(Shape):
            table: ClassVar[Table] = Table("TOY", 8, PAGE, WRONG)
            thing: Any

        box = Subject("box", "box", Box, ())
        rules = replace(RULES, subjects=(box,), written=())
        assert [one.id for one in rules.rules] == ["TOY-MUST-0801", "TOY-UNKNOWN"]

    def test_they_are_found_by_id(self) -> None:
        assert RULES.by_id["R-SIZE"] is SIZE
        assert len(RULES.by_id) == len(RULES.rules)

    def test_a_rule_of_a_shape_says_where_it_first_stands_and_of_which_documents(self) -> None:
        size = RULES.by_id["TOY-MUST-0201"]
        assert size.at == "/wheels/*/size"
        assert size.subjects == ("toy", "wheel")
        assert RULES.by_id["TOY-TYPE-0110"].at == "/made-in~1by~0whom"
        assert RULES.by_id["TOY-TYPE-0106"].subjects == ("toy",)

    def test_its_example_is_a_sound_document_with_that_field_spoilt(self) -> None:
        assert RULES.by_id["TOY-MUST-0101"].example == Example("bare", {"/name": REMOVED})
        assert RULES.by_id["TOY-TYPE-0101"].example == Example("bare", {"/name": 5})
        assert RULES.by_id["TOY-TYPE-0202"].example == Example("car", {"/wheels/1/colour": 5})

    def test_each_of_their_examples_breaks_its_own_rule(self) -> None:
        for one in RULES.rules[:-6]:
            if one.example is not None:
                assert ids(RULES.broken_by_example(one)) == [one.id]

    def test_where_no_sound_document_has_the_field_there_is_no_example(self) -> None:
        bare = replace(TOY, examples=("bare",))
        rules = replace(RULES, subjects=(bare,), written=())
        assert rules.by_id["TOY-TYPE-0101"].example is not None
        assert rules.by_id["TOY-TYPE-0102"].example is None

    def test_written_rules_can_be_switched_off(self) -> None:
        without = RULES.without("R-SIZE", "R-LATER")
        assert {"R-SIZE", "R-LATER"}.isdisjoint(without.by_id)
        assert set(RULES.by_id) - set(without.by_id) == {"R-SIZE", "R-LATER"}
        large = {"name": "car", "wheels": [{"size": 9}]}
        assert ids(RULES.judge("toy", large).violations) == ["R-SIZE"]
        assert without.judge("toy", large).violations == []

    def test_subjects_are_found_by_name(self) -> None:
        assert RULES.subject("wheel") is WHEEL


class TestAsking:
    def test_the_document_alone_is_judged_by_what_needs_nothing_else(self) -> None:
        body = DOCUMENTS["full"] | {"counts": [1, 2]}
        assert ids(RULES.judge("toy", body).violations) == ["R-LATER"]

    def test_given_what_exists_it_is_judged_by_the_rest(self) -> None:
        full = DOCUMENTS["full"]
        assert ids(RULES.admit("toy", full, World()).violations) == ["R-LATE"]
        taken = World(names=frozenset({"car"}))
        assert ids(RULES.admit("toy", full, taken).violations) == ["R-TAKEN", "R-LATE"]

    def test_types_and_unknown_fields_are_told_of_the_document_alone(self) -> None:
        body = {"name": "car", "sold": "yes", "no": 1}
        assert ids(RULES.judge("toy", body).violations) == ["TOY-TYPE-0103"]
        assert ids(RULES.judge("toy", body).warnings) == ["TOY-UNKNOWN"]
        report = RULES.admit("toy", body, World())
        assert (report.violations, report.warnings) == ([], [])

    def test_facts_may_be_given_to_what_judges_the_document(self) -> None:
        seen = []

        def look(value: Any, scope: Scope) -> Findings:
            seen.append(scope.facts)
            return FINE

        looking = Catalogue("toys", (TOY,), (rule("R", "", look),), (), UNKNOWN, DOCUMENTS)
        looking.judge("toy", DOCUMENTS["bare"], facts="facts")
        assert seen == ["facts"]

    def test_rules_are_asked_of_their_own_kind_of_document_only(self) -> None:
        assert ids(RULES.judge("wheel", DOCUMENTS["wheel"]).warnings) == ["R-TOLD"]
        assert RULES.judge("wheel", {"size": 99}).violations == []

    def test_strict_is_passed_on(self) -> None:
        report = RULES.judge("toy", {"name": "car", "no": 1}, strict=True)
        assert ids(report.violations) == ["TOY-UNKNOWN"]

    def test_readings_have_their_defaults_unless_chosen(self) -> None:
        body = {"name": "car", "wheels": [{"size": 30}]}
        assert ids(RULES.judge("toy", body).violations) == ["R-SIZE"]
        assert RULES.judge("toy", body, RULES.read({"size": "large"})).violations == []
        assert RULES.defaults == {"size": "small", "colour": "any"}
        assert RULES.read({"colour": "red"}) == {"size": "small", "colour": "red"}

    def test_admission_has_readings_too(self) -> None:
        reading = rule(
            "R", "/price", lambda value, scope: here(scope.readings["size"]), level=Level.ADMISSION
        )
        rules = Catalogue("toys", (TOY,), (reading,), (READING,), UNKNOWN, DOCUMENTS)
        body = {"name": "car", "price": 1}
        assert rules.admit("toy", body, None).violations[0].message == "price: small"
        chosen = rules.admit("toy", body, None, {"size": "large"})
        assert chosen.violations[0].message == "price: large"

    @pytest.mark.parametrize(
        ("chosen", "told"),
        [
            ({"weight": "x"}, "there is no reading weight; there are colour, size"),
            ({"size": "huge"}, "the reading size is one of small, large; got huge"),
        ],
    )
    def test_a_reading_that_there_is_not_is_told_with_those_that_there_are(
        self, chosen: dict[str, str], told: str
    ) -> None:
        with pytest.raises(UnknownReading, match=told):
            RULES.read(chosen)


class TestExamples:
    def test_an_example_is_a_sound_document_with_changes(self) -> None:
        assert RULES.example(SIZE)["wheels"][0] == {"size": 4}
        assert DOCUMENTS["car"]["wheels"][0] == {"size": 3}

    def test_its_world_is_the_sound_documents_with_changes(self) -> None:
        assert RULES.example_facts(TAKEN).names == frozenset({"car"})
        more = rule(
            "R",
            "",
            always("x"),
            example=Example("bare", {}, {"models": {"n": "x"}, "pools": {"q": "y"}}),
        )
        facts = RULES.example_facts(more)
        assert facts.models == {"m": "a model", "n": "x"}
        assert facts.pools == {"p": "a pool", "q": "y"}

    def test_what_is_found_in_it(self) -> None:
        assert ids(RULES.broken_by_example(SIZE)) == ["R-SIZE"]
        assert ids(RULES.broken_by_example(TAKEN)) == ["R-TAKEN"]
        assert ids(RULES.broken_by_example(LATER)) == ["R-LATER"]
        assert ids(RULES.broken_by_example(TOLD)) == ["R-TOLD"]

    def test_it_is_judged_as_the_kind_of_document_that_it_starts_from(self) -> None:
        both = rule(
            "R",
            "",
            always("x"),
            subjects=("wheel", "toy"),
            example=Example("bare", {"/price": "x"}),
        )
        rules = replace(RULES, written=(both,))
        assert ids(rules.broken_by_example(both)) == ["TOY-TYPE-0102", "R"]

    def test_its_readings_are_those_that_it_chooses(self) -> None:
        needs = rule(
            "R",
            "/wheels/*/size",
            _size,
            example=Example("car", {"/wheels/0/size": 4}, readings={"size": "large"}),
        )
        rules = Catalogue("toys", (TOY,), (needs,), (READING,), UNKNOWN, DOCUMENTS, World())
        assert rules.broken_by_example(needs) == []


class TestChanges:
    BODY: ClassVar[dict[str, Any]] = {"a": {"b": [1, 2]}, "c/d~e": 1}

    @pytest.mark.parametrize(
        ("changes", "result"),
        [
            ({}, BODY),
            ({"/a": 5}, {"a": 5, "c/d~e": 1}),
            ({"/a/b/0": 9}, {"a": {"b": [9, 2]}, "c/d~e": 1}),
            ({"/a/b/2": 9}, {"a": {"b": [1, 2, 9]}, "c/d~e": 1}),
            ({"/a/b/0": REMOVED}, {"a": {"b": [2]}, "c/d~e": 1}),
            ({"/a": REMOVED}, {"c/d~e": 1}),
            ({"/c~1d~0e": REMOVED}, {"a": {"b": [1, 2]}}),
            ({"/x/y": 1}, {**BODY, "x": {"y": 1}}),
            ({"/c~1d~0e": 2, "/n": None}, {"a": {"b": [1, 2]}, "c/d~e": 2, "n": None}),
        ],
    )
    def test_values_are_replaced_added_and_taken_away(
        self, changes: dict[str, Any], result: dict[str, Any]
    ) -> None:
        before = copy.deepcopy(self.BODY)
        assert changed(self.BODY, changes) == result
        assert before == self.BODY

    def test_what_is_put_there_is_not_shared(self) -> None:
        value: list[int] = []
        made = changed({"l": []}, {"/a": value, "/l/0": value})
        made["a"].append(1)
        made["l"][0].append(2)
        assert value == []


def test_a_source_is_told_with_its_place_where_it_has_one() -> None:
    assert str(Source("Toys", "table 1")) == "Toys, table 1"
    assert str(Source("Toys")) == "Toys"


def test_the_words_of_levels_severities_and_proofs() -> None:
    assert list(Level) == ["request", "update", "admission", "runtime"]
    assert list(Severity) == ["error", "warning"]
    assert list(Proof) == ["documented", "observed", "inferred"]


def test_a_rule_refuses_what_is_documented_unless_it_says_otherwise() -> None:
    plain = Rule(
        id="R", statement="R.", source=PAGE, subjects=(), at="", check=always("x"), answer=WRONG
    )
    assert (plain.level, plain.severity, plain.proof) == ("request", "error", "documented")
    assert (plain.when, plain.reading, plain.reads, plain.example) == ("", "", (), None)
    assert plain.schema == {}


def test_what_is_taken_away_reads_as_absent() -> None:
    assert repr(REMOVED) == "(absent)"
