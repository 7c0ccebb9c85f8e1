"""Sender and watcher understand each other, in whatever pieces the bytes arrive."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.stress.frames import Frame, FrameReader, Job, frame, read_job, write_job
from simulator.stress.load import Load

frames = st.lists(st.tuples(st.sampled_from(Frame), st.binary(max_size=50)), max_size=8)


@settings(deadline=None)
@given(frames, st.data())
def test_frames_come_out_as_they_went_in_however_they_were_cut(
    sent: list[tuple[Frame, bytes]], data: st.DataObject
) -> None:
    whole = b"".join(frame(kind, payload) for kind, payload in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    reader, found = FrameReader(), []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        found += reader.feed(whole[start:end])
    assert found == sent


def test_what_is_no_frame_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a valid Frame"):
        list(FrameReader().feed(b"Z\0\0\0\0"))


@settings(deadline=None)
@given(st.lists(st.binary(max_size=100), min_size=1, max_size=4), st.text())
def test_a_job_comes_out_as_it_went_in(requests: list[bytes], server_name: str) -> None:
    load = Load(rate_per_s=12.5, duration_s=3)
    job = Job("127.0.0.1", 80, server_name, load, requests, "x-version")
    assert read_job(io.BytesIO(write_job(job))) == job


def test_half_a_job_is_none() -> None:
    job = Job("127.0.0.1", 80, "", Load(concurrency=1), [b"GET"], "x-version")
    with pytest.raises(EOFError):
        read_job(io.BytesIO(write_job(job)[:-1]))
