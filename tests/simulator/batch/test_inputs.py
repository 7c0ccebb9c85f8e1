"""What a job reads: which inputs there are, and which of them cannot be sent."""

from __future__ import annotations

from collections import deque
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.batch.inputs import Item, ItemFailed, open_item, read_item, read_items
from simulator.batch.manifest import BadManifest
from simulator.batch.results import Layout
from simulator.facts import limits
from simulator.objectpaths import parse_object_path
from tests.simulator.batch.memory import BROKEN, TORN, MemoryObjects, made, peak_bytes

OUT = Layout(parse_object_path("obs://out/"), "0")


def items(
    store: MemoryObjects,
    source: str,
    layout: Layout = OUT,
    *,
    manifest: bool = False,
    start: int = 0,
) -> list[Item]:
    path = parse_object_path(source)
    return list(read_items(store, path, layout, is_manifest=manifest, start=start))


def sources(*arguments: object, **more: object) -> list[str]:
    return [item.source for item in items(*arguments, **more)]  # type: ignore[arg-type]


class TestAFolder:
    STORE = MemoryObjects(
        {
            "obs://src/data/b.jpg": b"bb",
            "obs://src/data/a/2.jpg": b"2",
            "obs://src/data/a.jpg": b"a",
            "obs://src/data/a/": b"",
            "obs://src/data/": b"",
            "obs://src/data2/c.jpg": b"c",
            "obs://other/data/d.jpg": b"d",
        }
    )

    @pytest.mark.parametrize("source", ["obs://src/data/", "obs://src/data", "/src/data"])
    def test_is_read_with_all_below_it_sorted(self, source: str) -> None:
        assert sources(self.STORE, source) == [
            "obs://src/data/a.jpg",
            "obs://src/data/a/2.jpg",
            "obs://src/data/b.jpg",
        ]

    def test_may_be_a_whole_bucket(self) -> None:
        assert sources(self.STORE, "obs://src")[-1] == "obs://src/data2/c.jpg"

    def test_without_files_has_no_inputs(self) -> None:
        assert items(self.STORE, "obs://src/none/") == []
        assert items(self.STORE, "obs://src/none") == []

    def test_items_are_numbered_and_know_their_size_and_their_results_name(self) -> None:
        last = items(self.STORE, "obs://src/data/")[-1]
        path = parse_object_path("obs://src/data/b.jpg")
        assert last == Item(2, "obs://src/data/b.jpg", path, "b.jpg_result.txt", "", 2)
        assert last.name == "b.jpg"

    def test_names_in_several_folders_make_results_of_their_own(self) -> None:
        store = MemoryObjects({f"obs://src/{folder}/1.jpg": b"" for folder in "abc"})
        assert [item.result_name for item in items(store, "obs://src/")] == [
            "1.jpg_result.txt",
            "1.jpg_2_result.txt",
            "1.jpg_3_result.txt",
        ]

    def test_nothing_is_opened_to_list_it(self) -> None:
        store = MemoryObjects({"obs://src/1": b"1"})
        items(store, "obs://src/")
        assert store.opened == []

    def test_results_of_jobs_within_it_are_no_inputs(self) -> None:
        store = MemoryObjects(
            {
                "obs://src/1.jpg": b"",
                "obs://src/out/infer-result-0.manifest": b"",
                "obs://src/out/infer-result/1.jpg_result.txt": b"",
                "obs://src/out/2.jpg": b"",
            }
        )
        inside = Layout(parse_object_path("obs://src/out"), "1")
        assert sources(store, "obs://src/", inside) == ["obs://src/1.jpg", "obs://src/out/2.jpg"]
        assert len(items(store, "obs://src/")) == 4


def test_one_file_is_an_input() -> None:
    store = MemoryObjects(
        {"obs://src/1.jpg": b"x", "obs://src/1.jpg.bak": b"", "obs://src/1.jpg/2": b""}
    )
    (item,) = items(store, "obs://src/1.jpg")
    assert (item.number, item.source, item.size_bytes) == (0, "obs://src/1.jpg", 1)


class TestAManifest:
    LINES = (
        '{"source": "s3://src/1.jpg"}\n'
        "{\n"
        '{"source": "https://src.obs.x.com/a/1.jpg?Signature=x"}\n'
        '{"source": "obs://src/"}\n'
    )
    STORE = MemoryObjects({"obs://src/all.manifest": LINES.encode(), "obs://src/all.json": b""})

    def test_names_the_inputs_in_its_order_as_it_writes_them(self) -> None:
        assert sources(self.STORE, "obs://src/all.manifest", manifest=True) == [
            "s3://src/1.jpg",
            "",
            "https://src.obs.x.com/a/1.jpg?Signature=x",
            "obs://src/",
        ]

    def test_a_line_without_an_input_is_an_item_that_fails(self) -> None:
        found = items(self.STORE, "obs://src/all.manifest", manifest=True)
        assert [bool(item.problem) for item in found] == [False, True, False, True]
        assert found[1].problem.startswith("Bad line of the manifest: line 2: not valid JSON")
        with pytest.raises(ItemFailed, match="line 4: source: must name a file, not a folder"):
            open_item(self.STORE, found[3], "file")

    def test_results_names_do_not_depend_on_what_fails(self) -> None:
        found = items(self.STORE, "obs://src/all.manifest", manifest=True)
        assert [item.result_name for item in found] == [
            "1.jpg_result.txt",
            "",
            "1.jpg_3_result.txt",
            "",
        ]

    def test_that_is_called_otherwise_is_none(self) -> None:
        with pytest.raises(BadManifest, match=r"the name of a manifest ends in \.manifest"):
            items(self.STORE, "obs://src/all.json", manifest=True)

    def test_that_is_not_there(self) -> None:
        with pytest.raises(FileNotFoundError):
            items(self.STORE, "obs://src/none.manifest", manifest=True)

    def test_without_saying_so_is_an_input_like_any_file(self) -> None:
        assert sources(self.STORE, "obs://src/all.manifest") == ["obs://src/all.manifest"]


@given(
    st.lists(
        st.sampled_from(["obs://src/a/1", "obs://src/b/1", "obs://src/a_2", "x", "obs://src/"])
    ),
    st.integers(0, 8),
)
def test_going_on_in_the_middle_has_the_same_items(named: list[str], start: int) -> None:
    lines = "".join(f'{{"source": "{source}"}}\n' for source in named)
    store = MemoryObjects({"obs://src/all.manifest": lines.encode() or b"{"})
    whole = items(store, "obs://src/all.manifest", manifest=True)
    assert items(store, "obs://src/all.manifest", manifest=True, start=start) == whole[start:]
    assert [item.number for item in whole] == list(range(len(whole)))


class TestWhatCannotBeSent:
    def failure(self, contents: dict[str, bytes], source: str, mapping_type: str = "file") -> str:
        store = MemoryObjects(contents)
        (item,) = items(store, source)
        with pytest.raises(ItemFailed) as failed:
            read_item(store, item, mapping_type)
        return str(failed.value)

    def test_an_image_of_10_mb(self) -> None:
        image = b"x" * limits.BATCH_IMAGE_BELOW_BYTES
        assert self.failure({"obs://src/1.PNG": image}, "obs://src/1.PNG") == (
            "an image is smaller than 10 MB; this one has 10485760 bytes (MA-BAT-030)"
        )

    def test_a_csv_file_of_more_than_12_mb(self) -> None:
        csv = b"x" * (limits.BATCH_CSV_MAX_BYTES + 1)
        for mapping_type in ("csv", "file"):
            assert self.failure({"obs://src/1.csv": csv}, "obs://src/1.csv", mapping_type) == (
                "a CSV file has at most 12 MB; this one has 12582913 bytes (MA-BAT-031)"
            )

    def test_another_file_where_rows_are_sent(self) -> None:
        assert self.failure({"obs://src/1.txt": b""}, "obs://src/", "csv") == (
            'ends in .csv where the mapping type is csv; got "1.txt" (MA-BAT-032)'
        )

    def test_one_that_cannot_be_read(self) -> None:
        assert self.failure({"obs://src/1": BROKEN}, "obs://src/1") == (
            "Download file failed. Permission denied"
        )
        assert self.failure({"obs://src/1": TORN}, "obs://src/1") == (
            "Download file failed. the connection was lost"
        )

    def test_one_that_is_not_there(self) -> None:
        lines = b'{"source": "obs://src/none.jpg"}'
        store = MemoryObjects({"obs://src/all.manifest": lines})
        (item,) = items(store, "obs://src/all.manifest", manifest=True)
        assert item.problem == ""
        with pytest.raises(ItemFailed) as failed:
            open_item(store, item, "file")
        assert str(failed.value) == "Download file failed. There is no such object."

    def test_the_largest_that_can(self) -> None:
        image = b"x" * (limits.BATCH_IMAGE_BELOW_BYTES - 1)
        csv = b"x" * limits.BATCH_CSV_MAX_BYTES
        other = b"x" * (limits.BATCH_CSV_MAX_BYTES + 1)
        store = MemoryObjects(
            {"obs://src/1.jpg": image, "obs://src/2.csv": csv, "obs://src/3.bin": other}
        )
        found = [read_item(store, item, "file") for item in items(store, "obs://src/")]
        assert found == [image, csv, other]


class Endless:
    """A store with a folder, and a manifest, of as many inputs as wanted."""

    def __init__(self, count: int) -> None:
        self.count = count

    def walk(self, folder: object) -> object:
        return ((f"data/{number:09}.jpg", 1) for number in range(self.count))

    def open(self, path: object) -> object:
        numbers = range(self.count)
        return made(b'{"source": "obs://src/data/%09d.jpg"}\n' % number for number in numbers)


@pytest.mark.parametrize("source", ["obs://src/data/", "obs://src/all.manifest"])
def test_memory_does_not_depend_on_the_number_of_inputs(source: str) -> None:
    def read(count: int) -> int:
        found = read_items(
            Endless(count),  # type: ignore[arg-type]
            parse_object_path(source),
            OUT,
            is_manifest=source.endswith(".manifest"),
        )
        return peak_bytes(lambda: deque(found, maxlen=0))

    read(10)
    assert read(10_000) - read(1_000) < 200_000


def test_a_folder_is_not_listed_further_than_it_is_asked_for() -> None:
    source = parse_object_path("obs://src/data/")
    found = read_items(Endless(1 << 60), source, OUT, is_manifest=False)  # type: ignore[arg-type]
    assert len(list(islice(found, 100))) == 100
