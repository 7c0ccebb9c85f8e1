from __future__ import annotations

import logging
import sys

import pytest

from backends.runtime.log import capture_library_logs, log, one_line


def test_control_and_direction_characters_cannot_reach_a_terminal():
    assert one_line("a\nb\x1b[2J\u202ec\x7f") == "a\\nb\\x1b[2J\\u202ec\\x7f"


def test_long_text_is_cut_to_the_limit():
    assert one_line("x" * 50, 10) == "x" * 9 + "…"


def test_a_thing_is_one_line_with_its_time(capsys):
    log("first\nsecond")
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert out.endswith("Z first\\nsecond\n")


def test_a_reader_that_has_gone_away_is_no_error(monkeypatch):
    class Closed:
        def write(self, text: str) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    log("nobody reads this")


@pytest.fixture
def root_logger():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_libraries_log_from_their_level_on(capsys, root_logger):
    capture_library_logs("warning")
    logging.getLogger("asyncio").info("chatter")
    logging.getLogger("asyncio").warning("socket.send() raised exception.")
    out = capsys.readouterr().out
    assert "chatter" not in out
    assert "asyncio: socket.send() raised exception." in out


def test_a_librarys_exception_is_named_on_its_line(capsys):
    capture_library_logs("warning")
    try:
        raise ZeroDivisionError("no\nnumber")
    except ZeroDivisionError:
        logging.getLogger("asyncio").exception("in a callback")
    out = capsys.readouterr().out
    assert out.endswith("asyncio: in a callback: ZeroDivisionError: no\\nnumber\n")
