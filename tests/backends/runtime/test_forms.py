from __future__ import annotations

import pytest

from backends.runtime.errors import Problem, RequestError
from backends.runtime.forms import MAX_PARTS, read_parts

TYPE = "multipart/form-data; boundary=B"


def test_parts_are_found_by_name_with_their_exact_bytes(form):
    content = b"\r\n--\x00--B\r\n\xff"
    body = form(("images", content), ("note", b""), ("images", b"2"))
    assert read_parts(TYPE, body) == {"images": [content, b"2"], "note": [b""]}


def test_names_may_be_utf8(form):
    assert list(read_parts(TYPE, form(("图", b"1")))) == ["图"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--B--\r\n"),
        ("multipart/form-data; boundary=", b"--B--\r\n"),
        ("multipart/form-data; boundary=" + "B" * 5000, b"--B--\r\n"),
        (TYPE, b""),
        (TYPE, b"hello"),
        (TYPE, b"--C--\r\n"),
        (TYPE, b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut'),
        (TYPE, b"--B\r\nX: y\r\n\r\nno name\r\n--B--\r\n"),
        (TYPE, b"--B\r\nX" + b"y" * 100_000 + b": 1\r\n\r\n\r\n--B--\r\n"),
    ],
)
def test_a_broken_form_is_refused(content_type, body):
    with pytest.raises(RequestError) as caught:
        read_parts(content_type, body)
    assert caught.value.problem is Problem.BAD_BODY


def test_too_many_parts_are_refused(form):
    with pytest.raises(RequestError, match=f"more than {MAX_PARTS} parts"):
        read_parts(TYPE, form(*[("a", b"")] * (MAX_PARTS + 1)))
