"""The first pass over a document, on a toy: types, mandatory fields, what counts as absent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.rules.toys import SOUND, always, judged, refused, rule, toy_shape_rules, unless


class TestTypes:
    def test_a_sound_document_is_understood_as_it_is_with_numbers_in_strings_as_numbers(
        self,
    ) -> None:
        report = judged(SOUND)
        assert (report.violations, report.warnings) == ([], [])
        assert report.clean == SOUND | {"weight": 12}

    @pytest.mark.parametrize(
        ("field", "value", "told"),
        [
            ("name", 5, "must be a string, not 5"),
            ("price", "much", 'must be a number, not "much"'),
            ("price", True, "must be a number, not true"),
            ("sold", "yes", 'must be true or false, not "yes"'),
            ("sold", 1, "must be true or false, not 1"),
            ("weight", "heavy", 'must be an integer, or a string of its digits, not "heavy"'),
            ("weight", 1.0, "must be an integer, or a string of its digits, not 1.0"),
            ("weight", True, "must be an integer, or a string of its digits, not true"),
            ("wheels", {}, "must be an array of objects, not an object of 0"),
            ("labels", [], "must be an object of strings, not an array of 0"),
            ("spares", [], "must be an object of objects, not an array of 0"),
            ("extra", "{}", 'must be an object, not "{}"'),
            ("counts", 5, "must be an array of integers, not 5"),
            ("axle", [], "must be an object, not an array of 0"),
            ("axle", "x" * 99, 'must be an object, not "' + "x" * 57 + '..."'),
        ],
    )
    def test_a_value_of_another_type_is_told_with_what_was_received(
        self, field: str, value: object, told: str
    ) -> None:
        (violation,) = judged(SOUND | {field: value}).violations
        assert violation.message == f"{field}: {told}"
        assert violation.path == f"/{field}"

    @pytest.mark.parametrize("value", [5, 5.5])
    def test_a_number_may_be_whole(self, value: float) -> None:
        assert refused(SOUND | {"price": value}) == []

    @pytest.mark.parametrize("value", ["x", 1, 1.5, True, {"a": 1}, [1]])
    def test_any_value_is_any_value(self, value: object) -> None:
        report = judged(SOUND | {"note": value}, rule("R", "/note", unless(value)))
        assert report.violations == []
        assert report.clean["note"] == value

    def test_items_are_told_with_the_rule_of_their_field_at_their_own_place(self) -> None:
        body = {"name": "car", "counts": [1, "2", 3, None], "labels": {"a": 1, "b": "c"}}
        assert refused(body, *toy_shape_rules()) == [
            ("TOY-TYPE-0106", "/labels/a"),
            ("TOY-TYPE-0111", "/counts/1"),
            ("TOY-TYPE-0111", "/counts/3"),
        ]

    def test_objects_in_arrays_have_rules_of_their_own(self) -> None:
        body = {"name": "car", "wheels": [{"size": "3"}, {"colour": 5}, 7]}
        assert sorted(refused(body)) == [
            ("TOY-MUST-0201", "/wheels/1/size"),
            ("TOY-TYPE-0105", "/wheels/2"),
            ("TOY-TYPE-0201", "/wheels/0/size"),
            ("TOY-TYPE-0202", "/wheels/1/colour"),
        ]

    def test_a_key_with_a_slash_or_a_tilde_is_escaped_in_the_place_and_not_in_the_message(
        self,
    ) -> None:
        (violation,) = judged({"name": "car", "made-in/by~whom": 5}).violations
        assert violation.path == "/made-in~1by~0whom"
        assert violation.message == "made-in/by~whom: must be a string, not 5"

    def test_the_source_is_that_of_the_field_and_of_the_newer_page_for_newer_fields(self) -> None:
        sources = {one.source for one in judged({"name": 1, "counts": 5}).violations}
        assert sources == {"Toys, table 1, name", "Newer toys, appendix"}


class TestAbsent:
    @pytest.mark.parametrize("body", [{}, {"name": None}])
    def test_a_mandatory_field_that_is_absent_or_null_is_told(self, body: dict[str, Any]) -> None:
        (violation,) = judged(body).violations
        assert (violation.rule, violation.path) == ("TOY-MUST-0101", "/name")
        assert violation.message == "name: is mandatory"

    def test_a_mandatory_field_of_another_type_is_not_told_to_be_absent_too(self) -> None:
        assert refused({"name": 5}) == [("TOY-TYPE-0101", "/name")]

    def test_null_counts_as_absent_everywhere(self) -> None:
        body = {"name": "car", "price": None, "wheels": None, "axle": {"size": 1, "colour": None}}
        report = judged(body, rule("R", "/price", always("asked")))
        assert report.violations == []
        assert report.clean == {"name": "car", "axle": {"size": 1}}

    def test_null_in_an_array_or_a_map_is_a_value_of_another_type(self) -> None:
        body = {"name": "car", "wheels": [None], "labels": {"a": None}}
        assert sorted(path for _, path in refused(body)) == ["/labels/a", "/wheels/0"]

    def test_what_is_mandatory_in_an_optional_object_is_so_only_where_the_object_is(self) -> None:
        assert refused({"name": "car"}) == []
        assert refused({"name": "car", "axle": {}}) == [("TOY-MUST-0201", "/axle/size")]

    def test_a_rule_is_not_asked_about_what_is_absent(self) -> None:
        rules = (rule("R", "/price", always("x")), rule("S", "/wheels/*/colour", always("x")))
        assert refused({"name": "car", "wheels": [{"size": 1}]}, *rules) == []


class TestOneOrMap:
    """A map of objects in place of which one object may stand."""

    @pytest.mark.parametrize(
        ("sent", "clean"),
        [
            ({"front": {"size": 3}}, {"front": {"size": 3}}),
            ({"size": {"size": 3}}, {"size": {"size": 3}}),
            ({"size": 3}, {"": {"size": 3}}),
            ({"size": 3, "colour": None}, {"": {"size": 3}}),
            ({}, {}),
        ],
    )
    def test_it_is_one_where_it_has_a_field_of_the_object(
        self, sent: dict[str, Any], clean: dict[str, Any]
    ) -> None:
        report = judged({"name": "car", "spares": sent})
        assert report.violations == []
        assert report.clean["spares"] == clean

    def test_the_place_of_one_is_that_of_the_map(self) -> None:
        body = {"name": "car", "spares": {"size": "big"}}
        assert refused(body) == [("TOY-TYPE-0201", "/spares/size")]
        asked = rule("R", "/spares/*/size", always("asked"))
        assert refused({"name": "car", "spares": {"size": 1}}, asked) == [("R", "/spares/size")]

    def test_anything_else_is_a_map_of_something_wrong(self) -> None:
        body = {"name": "car", "spares": {"width": 3}}
        assert refused(body) == [("TOY-TYPE-0107", "/spares/width")]

    def test_a_plain_map_is_never_one(self) -> None:
        assert judged({"name": "car", "labels": {"size": "3"}}).clean["labels"] == {"size": "3"}
