"""Shapes: what annotations mean, the rules that follow, and the typed object of a document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import pytest

from simulator.rules.rule import Proof, Source
from simulator.rules.shape import (
    Kind,
    Numeric,
    NumericText,
    OneOrMap,
    Shape,
    Table,
    build,
    fields_of,
    kind_of,
    numeric,
    shapes_below,
)
from tests.simulator.rules.toys import PAGE, WRONG, Toy, Wheel

TEXT, INTEGER = Kind("text"), Kind("integer")


@dataclass(frozen=True, kw_only=True)
class Box(Shape):
    table: ClassVar[Table] = Table("TOY", 6, PAGE, WRONG)
    toys: list[Toy]


@dataclass(frozen=True, kw_only=True)
class Lid(Shape):
    table: ClassVar[Table] = Table("TOY", 7, PAGE, WRONG)


@dataclass(frozen=True, kw_only=True)
class Chest(Shape):
    table: ClassVar[Table] = Table("TOY", 8, PAGE, WRONG)
    boxes: dict[str, list[Box]]
    lid: Lid


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, TEXT),
        (int, INTEGER),
        (float, Kind("number")),
        (bool, Kind("boolean")),
        (Any, Kind("any")),
        (str | None, TEXT),
        (Wheel, Kind("object", shape=Wheel)),
        (Wheel | None, Kind("object", shape=Wheel)),
        (list[str], Kind("array", item=TEXT)),
        (list[list[int]], Kind("array", item=Kind("array", item=INTEGER))),
        (dict[str, int], Kind("map", item=INTEGER)),
        (dict[str, Any], Kind("json")),
        (list[Any], Kind("array", item=Kind("any"))),
        (Numeric, Kind("integer", numeric_text=True)),
        (Numeric | None, Kind("integer", numeric_text=True)),
        (Annotated[int, "note", NumericText()], Kind("integer", numeric_text=True)),
        (Annotated[int, "note"], INTEGER),
        (
            Annotated[dict[str, Wheel], "note", OneOrMap()],
            Kind("map", item=Kind("object", shape=Wheel), one_or_map=True),
        ),
        (
            Annotated[dict[str, Wheel], OneOrMap()],
            Kind("map", item=Kind("object", shape=Wheel), one_or_map=True),
        ),
    ],
)
def test_what_an_annotation_means(annotation: Any, kind: Kind) -> None:
    assert kind_of(annotation) == kind


@pytest.mark.parametrize("annotation", [bytes, set[str], tuple[int, ...], complex, "int"])
def test_what_json_does_not_have_is_no_kind(annotation: Any) -> None:
    with pytest.raises(TypeError, match="a shape cannot have a field of type"):
        kind_of(annotation)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (str, "a string"),
        (int, "an integer"),
        (float, "a number"),
        (bool, "true or false"),
        (Any, "any value"),
        (Wheel, "an object"),
        (dict[str, Any], "an object"),
        (list[str], "an array of strings"),
        (list[Wheel], "an array of objects"),
        (list[int], "an array of integers"),
        (list[float], "an array of values"),
        (dict[str, str], "an object of strings"),
        (Numeric, "an integer, or a string of its digits"),
    ],
)
def test_how_messages_call_it(annotation: Any, words: str) -> None:
    assert kind_of(annotation).words == words


class TestFields:
    def test_they_stand_in_the_tables_order_under_their_names_in_json(self) -> None:
        assert list(fields_of(Toy)) == [
            "name", "price", "sold", "weight", "wheels", "labels", "spares", "extra", "note",
            "made-in/by~whom", "counts", "axle",
        ]  # fmt: skip

    def test_each_has_its_sentence_and_its_kind(self) -> None:
        assert fields_of(Toy)["weight"].about == "How heavy it is."
        assert fields_of(Toy)["weight"].kind == Kind("integer", numeric_text=True)

    def test_a_field_without_a_sentence_has_none(self) -> None:
        @dataclass(frozen=True, kw_only=True)
        class Bare(Shape):
            table: ClassVar[Table] = Table("TOY", 3, PAGE, WRONG)
            plain: int
            marked: Numeric

        assert [field.about for field in fields_of(Bare).values()] == ["", ""]

    def test_a_field_may_have_a_sentence_and_a_mark(self) -> None:
        @dataclass(frozen=True, kw_only=True)
        class Marked(Shape):
            table: ClassVar[Table] = Table("TOY", 3, PAGE, WRONG)
            size: Annotated[int, "How large.", NumericText()]

        assert fields_of(Marked)["size"].about == "How large."
        assert fields_of(Marked)["size"].kind == Kind("integer", numeric_text=True)

    def test_a_field_with_a_default_of_any_sort_is_not_mandatory(self) -> None:
        @dataclass(frozen=True, kw_only=True)
        class Defaults(Shape):
            table: ClassVar[Table] = Table("TOY", 3, PAGE, WRONG)
            plain: int = 5
            made: list[int] = field(default_factory=list)

        assert [one.must_rule for one in fields_of(Defaults).values()] == [None, None]

    def test_what_is_not_given_is_no_field(self) -> None:
        @dataclass(frozen=True, kw_only=True)
        class Derived(Shape):
            table: ClassVar[Table] = Table("TOY", 3, PAGE, WRONG)
            twice: int = field(init=False, default=0)
            plain: int

        assert [one.type_rule.id for one in fields_of(Derived).values()] == ["TOY-TYPE-0301"]

    def test_each_has_a_rule_on_its_type_numbered_by_table_and_row(self) -> None:
        rule = fields_of(Toy)["price"].type_rule
        assert rule.id == "TOY-TYPE-0102"
        assert rule.statement == "price is a number."
        assert rule.source == Source("Toys", "table 1, price")
        assert rule.answer == WRONG
        assert rule.proof is Proof.DOCUMENTED
        assert rule.at == "price"
        assert fields_of(Toy)["axle"].type_rule.id == "TOY-TYPE-0112"

    def test_a_mandatory_one_has_a_rule_on_that_too(self) -> None:
        rule = fields_of(Wheel)["size"].must_rule
        assert rule is not None
        assert (rule.id, rule.statement) == ("TOY-MUST-0201", "size is mandatory.")
        assert fields_of(Wheel)["colour"].must_rule is None

    def test_fields_that_the_table_does_not_have_say_where_they_are_from(self) -> None:
        table, newer = Source("Toys", "table 1, note"), Source("Newer toys", "appendix")
        assert fields_of(Toy)["note"].type_rule.source == table
        assert fields_of(Toy)["made-in/by~whom"].type_rule.source == newer

    def test_the_tables_proof_is_that_of_its_fields(self) -> None:
        @dataclass(frozen=True, kw_only=True)
        class Guessed(Shape):
            table: ClassVar[Table] = Table("TOY", 4, PAGE, WRONG, Proof.INFERRED)
            what: str | None = None

        assert fields_of(Guessed)["what"].type_rule.proof is Proof.INFERRED
        assert fields_of(Guessed)["what"].type_rule.source == Source("Toys", "table 1, what")

    def test_shapes_below_are_each_found_once(self) -> None:
        assert list(shapes_below(Toy)) == [Toy, Wheel]
        assert list(shapes_below(Wheel)) == [Wheel]

    def test_those_that_it_holds_itself_come_first(self) -> None:
        assert list(shapes_below(Chest)) == [Chest, Box, Lid, Toy, Wheel]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("70", 70),
        (" 70 ", 70),
        ("-1", -1),
        ("007", 7),
        ("999999999", 999_999_999),
        ("1000000000", None),
        ("", None),
        (" ", None),
        ("+1", None),
        ("- 1", None),
        ("1.0", None),
        ("1e1", None),
        ("٣", None),
        ("1\n", None),
        ("1 2", None),
        ("0x1", None),
        ("--1", None),
    ],
)
def test_which_strings_are_numbers(text: str, number: int | None) -> None:
    assert numeric(text) == number


class TestBuilding:
    def test_a_clean_document_becomes_its_typed_object_at_every_depth(self) -> None:
        built = build(
            Toy,
            {
                "name": "car",
                "weight": 7,
                "wheels": [{"size": 1}, {"size": 2, "colour": "red"}],
                "labels": {"en": "car"},
                "spares": {"front": {"size": 3}},
                "extra": {"size": 1},
                "made-in/by~whom": "Ulm",
                "counts": [1, 2],
                "axle": {"size": 4},
            },
        )
        assert built == Toy(
            name="car",
            weight=7,
            wheels=[Wheel(size=1), Wheel(size=2, colour="red")],
            labels={"en": "car"},
            spares={"front": Wheel(size=3)},
            extra={"size": 1},
            made_in="Ulm",
            counts=[1, 2],
            axle=Wheel(size=4),
        )

    def test_what_is_absent_has_its_default(self) -> None:
        assert build(Toy, {"name": "car"}).wheels is None

    def test_arrays_and_maps_may_be_nested(self) -> None:
        @dataclass(frozen=True, kw_only=True)
        class Nested(Shape):
            table: ClassVar[Table] = Table("TOY", 5, PAGE, WRONG)
            rows: list[list[Wheel]]
            shelves: dict[str, list[Wheel]]
            boxes: dict[str, dict[str, Wheel]]

        wheel, built = {"size": 1}, Wheel(size=1)
        document = {"rows": [[wheel]], "shelves": {"a": [wheel]}, "boxes": {"b": {"c": wheel}}}
        assert build(Nested, document) == Nested(
            rows=[[built]], shelves={"a": [built]}, boxes={"b": {"c": built}}
        )
