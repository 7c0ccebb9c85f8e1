"""What can go wrong, as data: refused requests and refused starts.

Answers to a refused request have the shape of ModelArts' built-in engines,
`{"erno": "MR.NNNN", "msg": "..."}`. The vendor leaves the numbers to the inference code; ours are
the table `Problem`. Under /v2 the body is the Open Inference Protocol's `{"error": msg}` with
`erno` beside it.
"""

from __future__ import annotations

from enum import Enum

import orjson


class Problem(Enum):
    """Every error code of the model server: (code, HTTP status, meaning)."""

    BAD_BODY = ("MR.0101", 400, "the body is not valid JSON, or not a valid form")
    MISSING = ("MR.0102", 400, "a property, file or tensor is missing")
    WRONG_TYPE = ("MR.0103", 400, "a value has another type than declared")
    WRONG_SHAPE = ("MR.0104", 400, "a tensor or the rows have another shape than declared")
    UNREADABLE_IMAGE = ("MR.0105", 400, "the file is not an image that can be read")
    NOT_FINITE = ("MR.0106", 400, "a number is too large for the tensor, or not a number")
    REPEATED = ("MR.0107", 400, "a file or tensor came more than once")
    UNKNOWN_NAME = ("MR.0108", 400, "a tensor is asked for or sent that the model does not have")
    BAD_REQUEST = ("MR.0400", 400, "the request is no HTTP/1.1 that this server speaks")
    NOT_FOUND = ("MR.0404", 404, "the path, or the model, does not exist")
    WRONG_METHOD = ("MR.0405", 405, "the path exists, but not with this method")
    TOO_LARGE = ("MR.0413", 413, "the body or the picture is larger than the limit")
    WRONG_MEDIA_TYPE = ("MR.0415", 415, "the body has another content type than declared")
    HEAD_TOO_LARGE = ("MR.0431", 431, "the request line and headers are too long")
    INTERNAL = ("MR.0500", 500, "the server failed; its log has the reason")
    BAD_RESULT = ("MR.0501", 500, "the model computed something that is not a number")

    def __init__(self, code: str, status: int, meaning: str) -> None:
        self.code = code
        self.status = status
        self.meaning = meaning


class RequestError(Exception):
    """A request is refused, or could not be answered.

    Attributes:
        problem: row of the table of error codes.
        message: one sentence for the caller: what is wrong, what was expected, what came.
    """

    def __init__(self, problem: Problem, message: str) -> None:
        super().__init__(message)
        self.problem = problem
        self.message = message

    def body(self, *, open_inference: bool = False) -> bytes:
        """The JSON body of the answer."""
        if open_inference:
            return orjson.dumps({"error": self.message, "erno": self.problem.code})
        return orjson.dumps({"erno": self.problem.code, "msg": self.message})


class StartError(Exception):
    """The server cannot start with what it was given.

    Attributes:
        what: what could not be done.
        where: the file, property or option.
        why: what is wrong there.
        hint: what to do about it.
    """

    def __init__(self, what: str, *, where: str, why: str, hint: str) -> None:
        super().__init__(f"{what}: {where}: {why}. {hint}")
        self.what = what
        self.where = where
        self.why = why
        self.hint = hint
