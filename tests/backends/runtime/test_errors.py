from __future__ import annotations

import json

from backends.runtime.errors import Problem, RequestError, StartError


def test_codes_are_unique_and_of_the_vendors_form():
    codes = [p.code for p in Problem]
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 7 and code.startswith("MR.") and code[3:].isdigit() for code in codes)


def test_only_failures_of_our_own_are_5xx():
    assert {p for p in Problem if p.status >= 500} == {Problem.INTERNAL, Problem.BAD_RESULT}


def test_a_refusal_has_the_vendors_body():
    error = RequestError(Problem.MISSING, "no 'x'")
    assert json.loads(error.body()) == {"erno": "MR.0102", "msg": "no 'x'"}


def test_a_refusal_under_v2_has_the_protocols_body():
    error = RequestError(Problem.MISSING, "no 'x'")
    assert json.loads(error.body(open_inference=True)) == {"error": "no 'x'", "erno": "MR.0102"}


def test_a_start_error_says_what_where_why_and_what_to_do():
    assert (
        str(StartError("what", where="where", why="why", hint="hint")) == "what: where: why. hint"
    )
