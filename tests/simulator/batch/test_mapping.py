"""Mapping rules: rows to requests."""

from __future__ import annotations

import copy
import io
import json
import re
from collections import deque
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.batch.csv_rows import Row, read_rows
from simulator.batch.mapping import (
    BadMappingRule,
    MappingRule,
    RowError,
    generated_rule,
    is_column,
)
from simulator.batch.requests import Sender
from simulator.modelarts.rules.batch import leaves
from tests.simulator.batch.memory import made, peak_bytes

Json = Any

# ------------------------------------------------ Deploying as a Batch Service, Example Mapping

CONFIG = """
[
    {
        "method": "post",
        "url": "/",
        "request": {
            "Content-type": "multipart/form-data",
            "data": {
                "type": "object",
                "properties": {
                    "data": {
                        "type": "object",
                        "properties": {
                            "req_data": {
                                "type": "array",
                                "items": [
                                    {
                                        "type": "object",
                                        "properties": {
                                            "input_1": {
                                                "type": "number"
                                            },
                                            "input_2": {
                                                "type": "number"
                                            },
                                            "input_3": {
                                                "type": "number"
                                            },
                                            "input_4": {
                                                "type": "number"
                                            }
                                        }
                                    }
                                ]
                            }
                        }
                    }
                }
            }
        }
    }
]
"""
MAPPING = """
{
    "type": "object",
    "properties": {
        "data": {
            "type": "object",
            "properties": {
                "req_data": {
                    "type": "array",
                    "items": [
                        {
                            "type": "object",
                            "properties": {
                                "input_1": {
                                    "type": "number",
                                    "index": 0
                                },
                                "input_2": {
                                    "type": "number",
                                    "index": 1
                                },
                                "input_3": {
                                    "type": "number",
                                    "index": 2
                                },
                                "input_4": {
                                    "type": "number",
                                    "index": 3
                                }
                            }
                        }
                    ]
                }
            }
        }
    }
}
"""
CSV = """\
5.1,3.5,1.4,0.2
4.9,3.0,1.4,0.2
4.7,3.2,1.3,0.2
"""
REQUEST = """
{
    "data": {
        "req_data": [{
            "input_1": 5.1,
            "input_2": 3.5,
            "input_3": 1.4,
            "input_4": 0.2
        }]
    }
}
"""


def of(rule: Json, csv: str | bytes) -> list[Any]:
    body = csv.encode() if isinstance(csv, str) else csv
    return [request for _, request in MappingRule(rule).requests(read_rows(io.BytesIO(body)))]


def body_of(request: Json) -> bytes:
    """As it is sent."""
    return Sender("POST", "/").of_row(request).body


def an_object(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


def a(kind: str, index: Any = 0) -> Json:
    return {"type": kind, "index": index}


class TestTheDocumentedExample:
    def test_the_mapping_is_what_the_console_makes_of_config_json(self) -> None:
        (api,) = json.loads(CONFIG)
        made_rule = generated_rule(api["request"]["data"])
        assert json.dumps(made_rule) == json.dumps(json.loads(MAPPING))  # the order counts too

    def test_the_requests_are_the_documented_ones_to_the_byte(self) -> None:
        """But for the blanks between, with which the page prints JSON for people."""
        first = re.sub(r"\s", "", REQUEST)
        others = (
            first.replace("5.1", "4.9").replace("3.5", "3.0"),
            first.replace("5.1", "4.7").replace("3.5", "3.2").replace("1.4", "1.3"),
        )
        found = [body_of(request).decode() for request in of(json.loads(MAPPING), CSV)]
        assert found == [first, *others]


class TestWhatIsLeftOut:
    @pytest.mark.parametrize("index", [-1, -2, 1.0, 0.5, "0", True, None, [0], {}])
    def test_a_parameter_whose_index_is_no_column(self, index: Any) -> None:
        assert of(an_object(a=a("number", index), b=a("string", 1)), "1,x") == [{"b": "x"}]

    def test_a_parameter_without_an_index(self) -> None:
        assert of(an_object(a={"type": "number"}, b=a("string")), "x") == [{"b": "x"}]

    def test_objects_and_arrays_stay_without_what_was_in_them(self) -> None:
        rule = an_object(
            a=an_object(b=a("number", -1)),
            c={"type": "array", "items": [a("number", -1)]},
            d={"type": "array", "items": [an_object(e=a("number", -1))]},
        )
        assert of(rule, "1") == [{"a": {}, "c": [], "d": [{}]}]

    def test_a_place_of_an_array_is_left_out_and_those_behind_move_up(self) -> None:
        items = [a("number", 0), a("number", -1), a("number", 1)]
        assert of({"type": "array", "items": items}, "5,6") == [[5, 6]]

    def test_its_column_may_hold_anything(self) -> None:
        assert of(an_object(a=a("number", -1)), 'x\n"\n') == [
            {},
            RowError(2, 2, "a quoted field is not closed before the end of the file"),
        ]


class TestShapes:
    def test_every_type(self) -> None:
        rule = an_object(
            s=a("string", 0),
            n=a("number", 1),
            i=a("integer", 2),
            b=a("boolean", 3),
            again=a("string"),
        )
        assert of(rule, "1.50,1.50,7,True") == [
            {"s": "1.50", "n": 1.5, "i": 7, "b": True, "again": "1.50"}
        ]

    @pytest.mark.parametrize("word", ["items", "item"])
    def test_an_array_with_one_schema_has_one_element(self, word: str) -> None:
        assert of({"type": "array", word: a("string")}, "x") == [["x"]]

    def test_an_array_with_several_schemas_has_as_many_elements(self) -> None:
        items = [a("string", 1), {"type": "array", "items": [a("string", 0)]}]
        assert of({"type": "array", "items": items}, "x,y") == [["y", ["x"]]]

    def test_empty_objects_and_arrays(self) -> None:
        rule = an_object(
            a={"type": "object"},
            b={"type": "array"},
            c={"type": "object", "properties": None},
            d={"type": "array", "items": None},
        )
        assert of(rule, "x") == [{"a": {}, "b": [], "c": {}, "d": []}]

    def test_a_type_may_be_seen_by_what_else_there_is(self) -> None:
        rule = {"properties": {"a": {"items": [a("string")]}}}
        assert of(rule, "x") == [{"a": ["x"]}]

    def test_a_rule_may_be_a_single_parameter(self) -> None:
        assert of(a("number"), "5\n6") == [5, 6]


class TestARowWithoutARequest:
    RULE = an_object(
        data=an_object(req_data={"type": "array", "items": [an_object(x=a("number", 1))]})
    )

    def test_names_row_column_and_parameter(self) -> None:
        _, found = of(self.RULE, "a,1\n\nb,c\n")
        assert found == RowError(2, 3, '"c" is no number', 1, "data.req_data[0].x")
        assert found.message == 'row 2, column 1 (data.req_data[0].x): "c" is no number'
        assert found.document() == {
            "message": 'row 2, column 1 (data.req_data[0].x): "c" is no number',
            "line": 3,
            "column": 1,
            "parameter": "data.req_data[0].x",
        }

    @pytest.mark.parametrize(("row", "count"), [("a", "1 column"), ('""', "1 column")])
    def test_a_row_that_is_too_short(self, row: str, count: str) -> None:
        (found,) = of(self.RULE, row)
        assert found.message.endswith(f"column 1 (data.req_data[0].x): the row has {count} only")

    def test_a_row_that_is_longer_than_needed_is_no_error(self) -> None:
        assert of(self.RULE, "a,1,b,c") == [{"data": {"req_data": [{"x": 1}]}}]

    def test_a_row_that_cannot_be_read_names_no_column(self) -> None:
        (found,) = of(self.RULE, b"\xff,1")
        assert found.message == "row 1: it is not UTF-8"
        assert found.document() == {"message": "row 1: it is not UTF-8", "line": 1}

    def test_spoils_no_other(self) -> None:
        found = of(self.RULE, "a,1\nb\nc,x\nd,2\n")
        assert [isinstance(one, RowError) for one in found] == [False, True, True, False]

    def test_the_first_parameter_that_fails_is_told(self) -> None:
        (found,) = of(an_object(a=a("number", 1), b=a("number", 0)), "x,y")
        assert (found.column, found.parameter) == (1, "a")


class TestARuleThatCannotBeFollowed:
    @pytest.mark.parametrize(
        ("rule", "place", "says"),
        [
            (5, "", "must be a schema, an object; got 5"),
            ({}, "", "has no type; a mapping has object, array, string, number"),
            (an_object(x={"type": "file"}), "/properties/x", 'is of type "file"; a mapping has'),
            (an_object(x={"type": "Number", "index": 0}), "/properties/x", 'of type "Number"'),
            (an_object(x={"type": ["number"]}), "/properties/x", "is of type an array of 1"),
            ({"type": "object", "properties": []}, "/properties", "must be an object"),
            ({"type": "array", "items": 5}, "/items", "must be a schema"),
            ({"type": "array", "items": [5]}, "/items/0", "must be a schema"),
            ({"type": "array", "item": [{}]}, "/item/0", "has no type"),
            (an_object(**{"a/b~": {}}), "/properties/a~1b~0", "has no type"),
            (a("number", -1), "", "nothing is sent"),
        ],
    )
    def test_says_where_and_why(self, rule: Json, place: str, says: str) -> None:
        with pytest.raises(BadMappingRule) as bad:
            MappingRule(rule)
        ((found, text),) = bad.value.problems
        assert found == place
        assert says in text
        assert says in str(bad.value)

    def test_says_everything_at_once(self) -> None:
        with pytest.raises(BadMappingRule) as bad:
            MappingRule(an_object(a={}, b={"type": "array", "items": [5]}))
        assert [place for place, _ in bad.value.problems] == [
            "/properties/a",
            "/properties/b/items/0",
        ]

    def test_that_is_endlessly_deep(self) -> None:
        rule: Json = a("number")
        for _ in range(5000):
            rule = {"type": "array", "items": rule}
        with pytest.raises(BadMappingRule, match="levels deep"):
            MappingRule(rule)


class TestTheGeneratedRule:
    def test_columns_are_counted_in_the_order_of_the_file(self) -> None:
        request = an_object(
            b={"type": "String", "maxLength": 5},
            a={"type": "array", "item": {"type": "integer"}},
            c={"properties": {"d": {"type": "boolean", "index": 7}}},
        )
        assert generated_rule(request) == an_object(
            b=a("string", 0),
            a={"type": "array", "items": [a("integer", 1)]},
            c=an_object(d=a("boolean", 2)),
        )

    def test_a_file_has_no_column(self) -> None:
        with pytest.raises(BadMappingRule, match=r'/properties/images: is of type "file"'):
            generated_rule(an_object(images={"type": "file"}))

    @given(st.data())
    def test_it_is_one_that_can_be_followed_and_sends_all(self, data: st.DataObject) -> None:
        rule = generated_rule(data.draw(requests()))
        found = list(leaves(rule))
        assert [leaf["index"] for _, leaf in found] == list(range(len(found)))
        MappingRule(rule)


# ------------------------------------------------------------- any rule, any file: an oracle

MISSING = object()


def expected(schema: Json, cells: list[str]) -> Any:
    """The request of a row, straightforwardly; MISSING where it is left out.

    Raises:
        ValueError, IndexError: there is none.
    """
    kind = schema["type"]
    if kind == "object":
        built = {key: expected(inner, cells) for key, inner in schema["properties"].items()}
        return {key: value for key, value in built.items() if value is not MISSING}
    if kind == "array":
        items = schema["items"] if isinstance(schema["items"], list) else [schema["items"]]
        return [value for item in items if (value := expected(item, cells)) is not MISSING]
    index = schema.get("index", -1)
    if type(index) is not int or index < 0:
        return MISSING
    cell = cells[index]
    if kind == "string":
        return cell
    if kind == "boolean":
        return {"true": True, "false": False, "True": True, "FALSE": False}[cell]
    if any(character not in "0123456789.e+-" for character in cell):
        raise ValueError(cell)
    return int(cell) if kind == "integer" else float(cell)


def requests() -> st.SearchStrategy[Json]:
    """Schemas of requests."""
    kinds = st.sampled_from(["string", "number", "integer", "boolean"])
    return _schemas(kinds.map(lambda kind: {"type": kind}))


def _schemas(leaf: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    names = st.text("ab/~ é.", max_size=3)

    def around(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
        members = st.dictionaries(names, inner, max_size=4)
        places = inner | st.lists(inner, max_size=3)
        return members.map(lambda found: {"type": "object", "properties": found}) | places.map(
            lambda found: {"type": "array", "items": found}
        )

    return around(st.recursive(leaf, around, max_leaves=8))


_indexes = st.integers(-2, 4) | st.sampled_from([None, "1", 1.0, True])
_rules = _schemas(
    st.builds(a, st.sampled_from(["string", "number", "integer", "boolean"]), _indexes)
)
_cells = st.one_of(
    st.sampled_from(
        ["", "1", "-2.5", "1e3", "true", "FALSE", "x", "1,5", 'a"b', "a\r\nb", "é", " "]
    ),
    st.integers(-(1 << 53), 1 << 53).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text('a",\r\n1.é', max_size=5),
)
_tables = st.lists(st.lists(_cells, min_size=1, max_size=5), max_size=5)


@st.composite
def _written(draw: st.DrawFn) -> tuple[list[list[str]], bytes]:
    """A table, and a CSV file of it: quoted where it must be or by chance, lines ending in any way,
    empty lines between, a byte order mark or none."""
    table = draw(_tables)
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    lines = []
    for cells in table:
        written = []
        for cell in cells:
            must = any(mark in cell for mark in '",\r\n') or cells == [""]
            quoted = must or draw(st.booleans())
            written.append('"' + cell.replace('"', '""') + '"' if quoted else cell)
        lines.append(",".join(written))
        lines += [""] * draw(st.sampled_from([0, 0, 0, 2]))
    text = end.join(lines) + draw(st.sampled_from(["", end]))
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return table, mark + text.encode()


@given(_rules, _written())
@example(an_object(x=a("number", 1)), ([["1"], ["1", "2"]], b"1\r\n1,2"))
def test_for_any_rule_and_any_file_the_requests_are_those_of_the_oracle(
    rule: Json, file: tuple[list[list[str]], bytes]
) -> None:
    table, body = file
    found = of(copy.deepcopy(rule), body)
    assert len(found) == len(table)
    for number, (request, cells) in enumerate(zip(found, table, strict=True), start=1):
        try:
            wanted = expected(rule, cells)
        except (ValueError, IndexError, KeyError):
            assert isinstance(request, RowError), (cells, request)
            assert request.row == number
            assert request.column is not None
            assert request.message.startswith(f"row {number}, column {request.column} (")
        else:
            assert request == wanted, (cells, request)
            assert json.loads(body_of(request)) == wanted


@given(_rules, _written(), st.integers(1, 6))
def test_going_on_in_the_middle_sends_the_same(
    rule: Json, file: tuple[list[list[str]], bytes], start: int
) -> None:
    mapping = MappingRule(rule)
    whole = list(mapping.requests(read_rows(io.BytesIO(file[1]))))
    assert list(mapping.requests(read_rows(io.BytesIO(file[1]), start))) == whole[start - 1 :]


@given(_rules)
def test_what_is_left_out_is_what_the_rules_say_is_left_out(rule: Json) -> None:
    """MA-BAT-012 warns of parameters that are left out; the same have no value here."""
    sent = [leaf["index"] for _, leaf in leaves(rule) if is_column(leaf.get("index"))]
    found = MappingRule(rule).request(Row(1, 1, []))
    first = found.column if isinstance(found, RowError) else None
    assert first == next(iter(sent), None)


def test_memory_does_not_depend_on_the_number_of_rows() -> None:
    mapping = MappingRule(json.loads(MAPPING))

    def read(count: int) -> int:
        pieces = (b"5.1,3.5,1.4,0.2\n" for _ in range(count))
        return peak_bytes(lambda: deque(mapping.requests(read_rows(made(pieces))), maxlen=0))

    read(10)
    assert read(10_000) - read(1_000) < 100_000
