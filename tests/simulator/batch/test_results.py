"""What is written: where, and in which form."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.batch.naming import ResultNames
from simulator.batch.ordering import InOrder
from simulator.batch.results import (
    ANY_ROW,
    EVERY_ROW,
    FOLDER,
    FOLDER_WITH_TASK,
    Layout,
    Outcome,
    Parts,
    RowTally,
    answer_line,
    error_line,
    manifest_line,
)
from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.readings import BATCH_CSV_RESULT, BATCH_RESULT_FOLDER
from simulator.objectpaths import ObjectPath, parse_object_path

SIGNED = "https://infers-data.obs.xxx.com:443/xgboosterdata/2.jpg?AccessKeyId=2Q0V&Signature=wZB%3D"
DOCUMENTED = f"""\
{{"source": "obs://obs-data-bucket/test/data/1.jpg","result":"SUCCESSFUL","inference-loc": \
"obs://test-bucket/test/infer-result/1.jpg_result.txt"}}
{{"source": "s3://obs-data-bucket/test/data/2.jpg","result":"FAILED","error_message": \
"Download file failed."}}
{{"source": "{SIGNED}","result":"SUCCESSFUL","inference-loc": \
"obs://test-bucket/test/infer-result/2.jpg_result.txt"}}
"""
"""The example of an output manifest, but for a blank in the name of the third line's source."""
TEST = Layout(parse_object_path("//test-bucket/test/"), "0")


def test_the_documented_manifest_to_the_byte() -> None:
    names = ResultNames()
    written = [
        manifest_line(
            "obs://obs-data-bucket/test/data/1.jpg", Outcome(TEST.result(names.take("1.jpg", 1)))
        ),
        manifest_line(
            "s3://obs-data-bucket/test/data/2.jpg", Outcome(error="Download file failed.")
        ),
        manifest_line(SIGNED, Outcome(TEST.result(names.take("2.jpg", 3)))),
    ]
    assert b"".join(written).decode() == DOCUMENTED


class TestWhereResultsLie:
    @pytest.mark.parametrize("path", ["//test-bucket/test/", "obs://test-bucket/test"])
    def test_as_in_the_documented_tree(self, path: str) -> None:
        layout = Layout(parse_object_path(path), "0")
        assert str(layout.manifest(0)) == "obs://test-bucket/test/infer-result-0.manifest"
        assert str(layout.manifest(1)) == "obs://test-bucket/test/infer-result-0_1.manifest"
        assert str(layout.manifest(12)) == "obs://test-bucket/test/infer-result-0_12.manifest"
        assert str(layout.folder) == "obs://test-bucket/test/infer-result/"
        assert str(layout.result("1.jpg_result.txt")).endswith("/infer-result/1.jpg_result.txt")

    def test_by_the_other_reading_the_folder_has_the_tasks_id(self) -> None:
        layout = Layout(TEST.destination, "7f", FOLDER_WITH_TASK)
        assert str(layout.folder) == "obs://test-bucket/test/infer-result-7f/"
        assert str(layout.manifest(0)) == "obs://test-bucket/test/infer-result-7f.manifest"

    def test_in_a_bucket_itself(self) -> None:
        layout = Layout(ObjectPath("test-bucket", ""), "0")
        assert str(layout.result("a_result.txt")) == "obs://test-bucket/infer-result/a_result.txt"

    @pytest.mark.parametrize(
        ("path", "is_result"),
        [
            ("/test-bucket/test/infer-result/1.jpg_result.txt", True),
            ("/test-bucket/test/infer-result-9/1.jpg_result.txt", True),
            ("/test-bucket/test/infer-result-9.manifest", True),
            ("/test-bucket/test/infer-result-9_1.manifest", True),
            ("/test-bucket/test/infer-result-9.csv", False),
            ("/test-bucket/test/infer-results/1.csv", False),
            ("/test-bucket/test/infer-result", False),
            ("/test-bucket/test/1.jpg", False),
            ("/test-bucket/infer-result/1.jpg", False),
            ("/test-bucket/test/deeper/infer-result/1.jpg", False),
            ("/other-bucket/test/infer-result/1.jpg_result.txt", False),
        ],
    )
    def test_what_is_a_result_is_no_input(self, path: str, is_result: bool) -> None:
        assert TEST.is_result(parse_object_path(path)) == is_result

    def test_the_readings_are_those_of_the_catalogue(self) -> None:
        readings = {one.name: one for one in CATALOGUE.readings}
        folder, rows = readings[BATCH_RESULT_FOLDER], readings[BATCH_CSV_RESULT]
        assert set(folder.options) == {FOLDER, FOLDER_WITH_TASK}
        assert set(rows.options) == {ANY_ROW, EVERY_ROW}
        assert (folder.default, rows.default) == (TEST.reading, ANY_ROW)


class TestAnOutcome:
    def test_is_a_location_or_an_error(self) -> None:
        with pytest.raises(ValueError, match="a location or an error"):
            Outcome()
        with pytest.raises(ValueError, match="a location or an error"):
            Outcome(ObjectPath("test-bucket", "a"), "failed")

    @given(st.text(), st.text(min_size=1))
    def test_any_text_makes_one_line_of_json(self, source: str, error: str) -> None:
        line = manifest_line(source, Outcome(error=error))
        assert line.count(b"\n") == 1
        assert json.loads(line) == {"source": source, "result": "FAILED", "error_message": error}


class TestParts:
    def test_a_manifest_has_64_mb_of_1_048_576_bytes_unless_set_otherwise(self) -> None:
        assert Parts().max_bytes == 64 * 1_048_576

    def test_a_manifest_is_full_when_the_next_line_does_not_fit(self) -> None:
        parts = Parts(max_bytes=10)
        assert [parts.take(b"x" * size) for size in (4, 6, 1, 9, 1)] == [0, 0, 1, 1, 2]

    def test_a_line_that_is_larger_has_one_of_its_own(self) -> None:
        parts = Parts(max_bytes=10)
        assert [parts.take(b"x" * size) for size in (20, 1, 20, 20)] == [0, 1, 2, 3]

    @given(st.lists(st.integers(1, 15)), st.integers(0, 10))
    def test_going_on_in_the_middle_places_lines_as_before(self, sizes: list[int], at: int) -> None:
        whole, first = Parts(max_bytes=20), Parts(max_bytes=20)
        placed = [whole.take(b"x" * size) for size in sizes]
        begun = [first.take(b"x" * size) for size in sizes[:at]]
        second = Parts(20, first.part, first.size_bytes)
        assert begun + [second.take(b"x" * size) for size in sizes[at:]] == placed


class TestLinesOfRows:
    @pytest.mark.parametrize(
        ("body", "line"),
        [
            (b'{"a": [1.50, 1e3],\n "b c": " d\\" "}', b'{"a":[1.50,1e3],"b c":" d\\" "}\n'),
            (b'{"b":1,"a":2}', b'{"b":1,"a":2}\n'),
            (b' "x y" ', b'"x y"\n'),
            (b"12345678901234567890123", b"12345678901234567890123\n"),
            ('{"a": "é字"}'.encode(), '{"a":"é字"}\n'.encode()),
            (b"not JSON\nat all", b'"not JSON\\nat all"\n'),
            (b"NaN", b'"NaN"\n'),
            (b"", b'""\n'),
            (b"\xff", '"\ufffd"\n'.encode()),
        ],
    )
    def test_an_answer_is_one_compact_line(self, body: bytes, line: bytes) -> None:
        assert answer_line(body) == line

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-(1 << 63), 1 << 63) | st.text(' "\\\n\u2028é'),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(' "\\a'), inner),
        ),
        st.sampled_from([None, 1, "\t"]),
    )
    def test_any_answer_keeps_its_meaning(self, value: Any, indent: Any) -> None:
        line = answer_line(json.dumps(value, indent=indent, ensure_ascii=False).encode())
        assert line == json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def test_a_row_without_an_answer(self) -> None:
        assert error_line(2, {"message": "row 2: it is not UTF-8", "line": 3}) == (
            b'{"row":2,"error":{"message":"row 2: it is not UTF-8","line":3}}\n'
        )


class TestACsvFile:
    LOCATION = ObjectPath("test-bucket", "infer-result/a.csv_result.txt")

    def tally(self, *errors: str) -> RowTally:
        """Of rows that failed with these errors, and were answered where there is none."""
        tally = RowTally()
        for error in errors:
            if error:
                tally.fail(error)
            else:
                tally.succeeded()
        return tally

    def test_is_successful_when_one_row_was_answered(self) -> None:
        tally = self.tally("row 1: x", "", "row 3: y")
        assert tally.outcome(self.LOCATION) == Outcome(self.LOCATION)

    def test_has_failed_when_none_was(self) -> None:
        assert self.tally("row 1: x", "row 2: y").outcome(self.LOCATION) == Outcome(
            error="2 of 2 rows failed; row 1: x"
        )
        assert self.tally("row 1: x").outcome(self.LOCATION).error == "1 of 1 row failed; row 1: x"

    def test_by_the_other_reading_any_failed_row_fails_it(self) -> None:
        tally = self.tally("", "row 2: x", "")
        assert tally.outcome(self.LOCATION, EVERY_ROW).error == "1 of 3 rows failed; row 2: x"
        assert self.tally("", "").outcome(self.LOCATION, EVERY_ROW) == Outcome(self.LOCATION)

    @pytest.mark.parametrize("reading", [ANY_ROW, EVERY_ROW])
    def test_without_rows_has_failed(self, reading: str) -> None:
        assert self.tally().outcome(self.LOCATION, reading).error == "the file has no rows"


_inputs = st.lists(
    st.tuples(st.sampled_from(["a", "b/a", "A", "é", "a_2"]), st.none() | st.text(min_size=1)),
    max_size=12,
)


@given(_inputs, st.randoms(use_true_random=False), st.integers(1, 400))
@example([("a", None), ("a", None), ("a", "x")], random.Random(0), 1)
def test_any_inputs_with_any_failures_have_exactly_one_line_each(
    inputs: list[tuple[str, str | None]], chance: random.Random, max_bytes: int
) -> None:
    names, parts, waiting = ResultNames(), Parts(max_bytes), InOrder[bytes]()
    lines = []
    for number, (source, error) in enumerate(inputs):
        location = TEST.result(names.take(source.rsplit("/", 1)[-1], number + 1))
        outcome = Outcome(error=error) if error else Outcome(location)
        lines.append((number, manifest_line(source, outcome)))
    finished = chance.sample(lines, len(lines))
    written: dict[int, bytes] = {}
    for number, line in finished:
        for _, ready in waiting.put(number, line):
            part = parts.take(ready)
            written[part] = written.get(part, b"") + ready
    assert list(written) == list(range(len(written)))
    found = [json.loads(line) for part in written.values() for line in part.splitlines()]
    assert [one["source"] for one in found] == [source for source, _ in inputs]
    assert [one.get("error_message") for one in found] == [error for _, error in inputs]
    locations = [one["inference-loc"] for one in found if one["result"] == "SUCCESSFUL"]
    assert len({location.casefold() for location in locations}) == len(locations)
