"""multipart/form-data bodies to their parts, on python-multipart's parser."""

from __future__ import annotations

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from backends.runtime.errors import Problem, RequestError

MAX_PARTS = 100
"""No api has that many properties; without a limit a body could be millions of empty parts."""


def read_parts(content_type: str, body: bytes) -> dict[str, list[bytes]]:
    """The contents of every part by its name, in order.

    Raises:
        RequestError: no boundary, a broken or cut form, or more than `MAX_PARTS` parts.
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise RequestError(Problem.BAD_BODY, "the content type of the form names no boundary")
    parts = _Parts()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.begin,
                "on_part_data": parts.data,
                "on_part_end": parts.end,
                "on_header_field": parts.header_field,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_end": parts.finish,
            },
        )
        parser.write(body)
    except FormParserError as exc:
        raise RequestError(Problem.BAD_BODY, f"the form cannot be read: {exc}") from exc
    if not parts.finished:
        raise RequestError(Problem.BAD_BODY, "the form ends before its closing boundary")
    return parts.by_name


class _Parts:
    """Collects what the parser reports. Data comes as (buffer, start, end)."""

    def __init__(self) -> None:
        self.by_name: dict[str, list[bytes]] = {}
        self.finished = False
        self._count = 0
        self.begin_state()

    def begin_state(self) -> None:
        self._name: str | None = None
        self._field = b""
        self._value = b""
        self._chunks: list[bytes] = []

    def begin(self) -> None:
        self._count += 1
        if self._count > MAX_PARTS:
            raise RequestError(Problem.BAD_BODY, f"the form has more than {MAX_PARTS} parts")
        self.begin_state()

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            name = parse_options_header(self._value)[1].get(b"name")
            self._name = None if name is None else name.decode("utf-8", "replace")
        self._field = self._value = b""

    def data(self, data: bytes, start: int, end: int) -> None:
        self._chunks.append(data[start:end])

    def end(self) -> None:
        if self._name is None:
            raise RequestError(Problem.BAD_BODY, "a part of the form has no name")
        self.by_name.setdefault(self._name, []).append(b"".join(self._chunks))

    def finish(self) -> None:
        self.finished = True
