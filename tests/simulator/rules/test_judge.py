"""The judge on a toy: which rules are asked, what is shadowed, order, places, limits.

What rules of a cloud say is tested with that cloud.
"""

from __future__ import annotations

import copy
import random
from typing import Any, ClassVar

import pytest

from simulator.rules.judge import MOST_SUGGESTED, Judge
from simulator.rules.reading import MOST_TOLD
from simulator.rules.rule import FINE, Findings, Scope, Severity, at, here
from tests.simulator.rules.toys import (
    SOUND,
    UNKNOWN,
    Toy,
    always,
    judged,
    refused,
    rule,
    toy_shape_rules,
    unless,
    warned,
)


class TestAsking:
    def test_a_rule_is_asked_about_each_place_of_its_pattern(self) -> None:
        rules = (
            rule("A", "/wheels/*/size", unless(3)),
            rule("B", "/labels/*", unless("car")),
            rule("C", "/spares/*/size", unless(9)),
            rule("D", "/counts/*", unless(1)),
            rule("E", "/axle/size", unless(9)),
            rule("F", "", unless({})),
        )
        assert refused(SOUND, *rules) == [
            ("A", "/wheels/1/size"),
            ("B", "/labels/de"),
            ("C", "/spares/front/size"),
            ("D", "/counts/1"),
            ("E", "/axle/size"),
            ("F", ""),
        ]

    def test_several_rules_may_be_about_one_place(self) -> None:
        rules = [rule(name, "/wheels/*", always("x")) for name in "AB"]
        assert refused({"name": "car", "wheels": [{"size": 1}]}, *rules) == [
            ("A", "/wheels/0"),
            ("B", "/wheels/0"),
        ]

    def test_a_rule_on_the_whole_document_gets_it_cleaned(self) -> None:
        whole = rule("R", "", unless({"name": "car", "weight": 7}))
        assert refused({"name": "car", "weight": " 7 ", "price": None, "no": 1}, whole) == []

    def test_a_rule_with_when_is_asked_about_the_holder_where_the_field_is_present(self) -> None:
        of_wheel = rule("R", "/wheels/*", always("asked"), when="colour")
        body = {"name": "car", "wheels": [{"size": 1}, {"size": 2, "colour": "red"}]}
        assert refused(body, of_wheel) == [("R", "/wheels/1")]
        of_document = rule("R", "", always("asked"), when="price")
        assert refused({"name": "car"}, of_document) == []
        assert refused({"name": "car", "price": None}, of_document) == []
        assert refused({"name": "car", "price": 1}, of_document) == [("R", "")]

    def test_what_is_checked_with_when_is_the_holder_complete(self) -> None:
        of_document = rule("R", "", unless({"price": 1, "name": "car"}), when="price")
        assert refused({"price": 1, "name": "car"}, of_document) == []

    def test_a_check_sees_the_document_the_readings_and_the_facts(self) -> None:
        seen: list[Any] = []

        def look(value: Any, scope: Scope) -> Findings:
            seen.extend((value, scope.root, scope.readings, scope.facts))
            return FINE

        judge = Judge(Toy, [rule("R", "/name", look)], UNKNOWN)
        judge.judge({"name": "car"}, {"reading": "one"}, facts="facts")
        assert seen == ["car", {"name": "car"}, {"reading": "one"}, "facts"]

    def test_a_finding_below_the_checked_value_is_told_there(self) -> None:
        def below(value: Any, scope: Scope) -> Findings:
            return [*at("wheels", 0, "size", text="too small"), *here("is odd")]

        assert refused({"name": "car"}, rule("R", "", below)) == [
            ("R", ""),
            ("R", "/wheels/0/size"),
        ]

    def test_the_document_is_left_as_it_is(self) -> None:
        before = copy.deepcopy(SOUND)
        judged(SOUND)
        assert before == SOUND

    @pytest.mark.parametrize(
        "place", ["/nothing", "/name/x", "/name/*", "/wheels/0", "/wheels/size", "/*"]
    )
    def test_a_rule_about_a_place_that_there_is_not_is_a_mistake(self, place: str) -> None:
        with pytest.raises(ValueError, match=f"R: {place.replace('*', '.')}: there is no place"):
            Judge(Toy, [rule("R", place, always("x"))], UNKNOWN)

    def test_so_is_one_that_waits_for_a_field_that_there_is_not(self) -> None:
        with pytest.raises(ValueError, match=r"R: /wheels/. has no field nothing"):
            Judge(Toy, [rule("R", "/wheels/*", always("x"), when="nothing")], UNKNOWN)


class TestShadows:
    """What is absent or of another type is told, and not what follows from it."""

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"name": 5},
        ],
    )
    def test_what_a_rule_says_of_a_misshapen_field_is_not_told(self, body: dict[str, Any]) -> None:
        follows = rule("R", "", lambda value, scope: at("name", text="x"))
        below = rule("S", "", lambda value, scope: at("name", "part", text="x"))
        ((name, path),) = refused(body, follows, below)
        assert (name[:4], path) == ("TOY-", "/name")

    def test_what_it_says_of_other_fields_is(self) -> None:
        beside = rule("R", "", lambda value, scope: at("price", text="x"))
        above = rule("S", "", always("x"))
        assert {name for name, _ in refused({}, beside, above)} == {"R", "S", "TOY-MUST-0101"}

    def test_an_array_with_an_item_of_another_type_is_not_read_and_seems_to_be_absent(
        self,
    ) -> None:
        body = {"name": "car", "wheels": [{"size": 1}, 5]}
        report = judged(body, rule("R", "", lambda value, scope: at("wheels", text="is mandatory")))
        assert "wheels" not in report.clean
        assert [one.path for one in report.violations] == ["/wheels/1"]

    def test_its_other_items_are_judged_all_the_same(self) -> None:
        body = {"name": "car", "wheels": [{"size": 1}, 5, {"size": 3}]}
        assert "wheels" not in judged(body).clean
        size = rule("R", "/wheels/*/size", always("x"))
        assert sorted(path for name, path in refused(body, size) if name == "R") == [
            "/wheels/0/size",
            "/wheels/2/size",
        ]

    def test_what_is_of_another_type_is_asked_about_nowhere(self) -> None:
        def above_three(value: int, scope: Scope) -> Findings:
            return here("x") if value > 3 else FINE

        body = {"name": "car", "counts": [1, "x", 4], "wheels": [{"size": "x"}, {"size": 4}]}
        rules = (rule("R", "/counts/*", above_three), rule("S", "/wheels/*/size", above_three))
        places = [path for name, path in refused(body, *rules) if name in "RS"]
        assert places == ["/counts/2", "/wheels/1/size"]

    def test_a_rule_about_the_whole_array_is_not_asked_then(self) -> None:
        body = {"name": "car", "counts": [1, "x"]}
        assert refused(body, rule("R", "/counts", always("x"))) == [("TOY-TYPE-0111", "/counts/1")]

    def test_a_map_with_a_value_of_another_type_keeps_the_others(self) -> None:
        report = judged({"name": "car", "labels": {"a": 5, "b": "x"}})
        assert report.clean["labels"] == {"b": "x"}

    def test_a_warning_is_shadowed_too(self) -> None:
        follows = rule("R", "", lambda v, s: at("name", text="x"), severity=Severity.WARNING)
        assert warned({"name": 5}, follows) == []

    @pytest.mark.parametrize(
        ("reads", "is_told"),
        [
            ((), True),
            (("price",), True),
            (("axle",), False),
            (("axle/size",), False),
            (("axle/colour",), True),
            (("price", "axle/size"), False),
        ],
    )
    def test_a_rule_that_reads_what_is_misshapen_is_not_told(
        self, reads: tuple[str, ...], is_told: bool
    ) -> None:
        follows = rule("R", "", always("x"), reads=reads)
        body = {"name": "car", "axle": {"size": "wide"}}
        assert (("R", "") in refused(body, follows)) is is_told

    def test_what_it_reads_stands_below_what_it_checks(self) -> None:
        follows = rule("R", "/wheels/*", always("x"), reads=("colour",))
        body = {"name": "car", "wheels": [{"size": 1, "colour": 5}, {"size": 1}]}
        assert [path for name, path in refused(body, follows) if name == "R"] == ["/wheels/1"]

    def test_what_it_reads_is_misshapen_where_the_whole_of_it_is(self) -> None:
        follows = rule("R", "", always("x"), reads=("axle/size",))
        assert ("R", "") not in refused({"name": "car", "axle": 5}, follows)


class TestOrder:
    def test_violations_stand_in_documented_order_whatever_the_documents(self) -> None:
        rules = [
            *toy_shape_rules(),
            rule("A", "/wheels/*/size", always("x")),
            rule("B", "/name", always("x")),
        ]
        body = {"wheels": [{"size": 1}, {"size": 2}], "price": "x", "name": "car"}
        expected = [
            ("TOY-TYPE-0102", "/price"),
            ("A", "/wheels/0/size"),
            ("A", "/wheels/1/size"),
            ("B", "/name"),
        ]
        for seed in range(6):
            keys = list(body)
            random.Random(seed).shuffle(keys)
            assert refused({key: body[key] for key in keys}, *rules) == expected

    def test_indexes_are_ordered_as_numbers_and_keys_as_text(self) -> None:
        body = {"name": "car", "counts": list(range(11)), "labels": {"b": "", "a": "", "10": ""}}
        rules = (rule("A", "/counts/*", always("x")), rule("B", "/labels/*", always("x")))
        assert [path for _, path in refused(body, *rules)] == [
            *(f"/counts/{index}" for index in range(11)),
            "/labels/10",
            "/labels/a",
            "/labels/b",
        ]

    def test_keys_stand_before_indexes_and_texts_of_one_place_in_their_order(self) -> None:
        def two(value: Any, scope: Scope) -> Findings:
            return [((1,), "x"), (("a",), "x"), ((), "second"), ((), "first"), ((0,), "x")]

        told = judged({"name": "car", "extra": {}}, rule("R", "/extra", two)).violations
        assert [one.message for one in told] == [
            "extra: first",
            "extra: second",
            "extra.a: x",
            "extra[0]: x",
            "extra[1]: x",
        ]

    def test_errors_refuse_and_warnings_do_not(self) -> None:
        rules = (
            rule("W", "/name", always("x"), severity=Severity.WARNING),
            rule("E", "/name", always("x")),
        )
        assert refused({"name": "car"}, *rules) == [("E", "/name")]
        assert warned({"name": "car"}, *rules) == [("W", "/name")]


class TestUnknownFields:
    BODY: ClassVar[dict[str, Any]] = {"nmae": 1, "name": "car", "axle": {"size": 1, "b": 2, "a": 3}}

    def test_they_are_told_in_order_of_their_place_with_the_nearest_known_one(self) -> None:
        report = judged(self.BODY)
        assert report.violations == []
        assert [(one.rule, one.path) for one in report.warnings] == [
            ("TOY-UNKNOWN", "/axle/a"),
            ("TOY-UNKNOWN", "/axle/b"),
            ("TOY-UNKNOWN", "/nmae"),
        ]
        messages = [one.message for one in report.warnings]
        assert messages[0] == "axle.a: is no field that the documents name here"
        assert messages[2] == "nmae: is no field that the documents name here; did you mean name?"

    def test_they_are_violations_when_strict_after_all_others(self) -> None:
        assert refused(self.BODY, rule("R", "/name", always("x")), strict=True) == [
            ("R", "/name"),
            ("TOY-UNKNOWN", "/axle/a"),
            ("TOY-UNKNOWN", "/axle/b"),
            ("TOY-UNKNOWN", "/nmae"),
        ]
        assert warned(self.BODY, strict=True) == []

    def test_one_that_is_null_is_told_too(self) -> None:
        assert warned({"name": "car", "nothing": None}) == [("TOY-UNKNOWN", "/nothing")]

    def test_they_are_no_part_of_the_clean_document(self) -> None:
        assert judged(self.BODY).clean == {"name": "car", "axle": {"size": 1}}

    def test_where_the_shape_was_told_before_neither_it_nor_they_are_told_again(self) -> None:
        judge = Judge(Toy, [rule("R", "/price", always("x"))], UNKNOWN, shaped=True)
        report = judge.judge({"nmae": 1, "price": 1}, {})
        assert [one.rule for one in report.violations] == ["R"]
        assert report.warnings == []


class TestLimits:
    """A hostile document must not take long, and must not be accepted for that."""

    MANY = MOST_TOLD + 50

    def test_there_are_a_thousand_and_fifty(self) -> None:
        assert (MOST_TOLD, MOST_SUGGESTED) == (1000, 50)

    def test_so_many_values_of_another_type_are_told_and_no_more(self) -> None:
        body = {"name": "car", "counts": ["x"] * self.MANY}
        assert len(refused(body)) == MOST_TOLD
        assert len(refused({"name": "car", "counts": ["x"] * (MOST_TOLD - 1)})) == MOST_TOLD - 1

    def test_so_many_findings_of_rules_are_told_and_no_more(self) -> None:
        rules = (rule("A", "/counts/*", always("x")), rule("B", "/name", always("x")))
        assert len(refused({"name": "car", "counts": [1] * self.MANY}, *rules)) == MOST_TOLD

    def test_one_check_that_finds_too_many_is_cut_short(self) -> None:
        def many(value: Any, scope: Scope) -> Findings:
            return [((index,), "x") for index in range(self.MANY)]

        assert len(refused({"name": "car", "counts": []}, rule("A", "/counts", many))) == MOST_TOLD

    def test_a_thousand_warnings_do_not_hide_a_violation(self) -> None:
        rules = (
            rule("A", "/counts/*", always("x"), severity=Severity.WARNING),
            rule("B", "/name", always("x")),
        )
        body = {"counts": [1] * self.MANY, "name": "car"}
        assert refused(body, *rules) == [("B", "/name")]
        assert len(warned(body, *rules)) == MOST_TOLD

    def test_a_thousand_violations_leave_room_for_warnings(self) -> None:
        late = rule("W", "/name", always("x"), severity=Severity.WARNING)
        assert warned({"counts": ["x"] * self.MANY, "name": "car"}, late) == [("W", "/name")]

    def test_so_many_unknown_fields_are_told_and_the_first_with_a_suggestion(self) -> None:
        body = {"name": "car"} | {f"nam{number:04}": 1 for number in range(self.MANY)}
        hinted = ["did you mean" in one.message for one in judged(body).warnings]
        assert hinted == [False] * MOST_TOLD
        body = {"name": "car"} | {f"name{number:03}": 1 for number in range(self.MANY)}
        messages = [one.message for one in judged(body).warnings]
        hinted = [message.endswith("; did you mean name?") for message in messages]
        assert hinted == [True] * MOST_SUGGESTED + [False] * (MOST_TOLD - MOST_SUGGESTED)
        assert messages[-1] == "name999: is no field that the documents name here"

    def test_a_long_message_is_cut(self) -> None:
        (violation,) = judged({"name": "car"}, rule("R", "/name", always("x" * 2000))).violations
        assert violation.message == "name: " + "x" * 997 + "..."


def test_an_answer_that_many_checks_need_is_looked_for_once() -> None:
    asked: list[str] = []

    def question(scope: Scope) -> str:
        asked.append("asked")
        return f"of {scope.root['name']}"

    def other(scope: Scope) -> int:
        return 7

    scope = Scope({"name": "car"}, {}, None)
    assert [scope.once(question), scope.once(question), scope.once(other)] == [
        "of car",
        "of car",
        7,
    ]
    assert asked == ["asked"]
    assert Scope({"name": "bus"}, {}, None).once(question) == "of bus"
