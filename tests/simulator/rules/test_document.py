"""The document of the rules shows what the rules say, whatever characters they are made of."""

from __future__ import annotations

import html
import re

import pytest
from markdown_it import MarkdownIt

from simulator.catalogues import PROVIDERS, catalogue
from simulator.rules.catalogue import is_about_shape
from simulator.rules.document import rules_document
from simulator.rules.markdown import anchor, code, plain, table

CATALOGUES = [catalogue(provider) for provider in PROVIDERS]
DOCUMENT = rules_document(CATALOGUES)
RULES = [rule for one in CATALOGUES for rule in one.rules]
AWKWARD = ["a | b", "! < > + & \" '", "*all* _none_ `code`", "[x](y)", "a_b __c__", "\\", "~~no~~"]


def rendered(markdown: str) -> str:
    page: str = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown)
    return page


def texts(markdown: str) -> str:
    """What a reader sees."""
    return html.unescape(re.sub(r"<[^>]*>", "", rendered(markdown)))


@pytest.mark.parametrize("text", AWKWARD)
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    lines = table(("head", "next"), [(plain(text), "x")])
    cells = re.findall(r"<td>(.*)</td>", rendered("\n".join(lines)))
    assert [html.unescape(cell) for cell in cells] == [text, "x"]


@pytest.mark.parametrize("text", [*AWKWARD, "`", "``x`", 'a "|" b'])
def test_code_is_shown_as_it_is(text: str) -> None:
    lines = table(("head", "next"), [(code(text), "x")])
    cells = re.findall(r"<td>(.*)</td>", rendered("\n".join(lines)))
    shown = [html.unescape(re.sub("</?code>", "", cell)) for cell in cells]
    assert shown == [text, "x"]


def test_every_rule_is_there_with_its_statement() -> None:
    shown = texts(DOCUMENT)
    for rule in RULES:
        assert rule.id in shown
        assert is_about_shape(rule) or rule.statement in shown


def test_every_reading_is_there_with_its_options() -> None:
    shown = texts(DOCUMENT)
    for reading in (reading for one in CATALOGUES for reading in one.readings):
        assert reading.question in shown
        for option, meaning in reading.options.items():
            assert f"{option}: {meaning}" in shown


def test_the_contents_lead_to_headings() -> None:
    headings = {anchor(title) for title in re.findall(r"(?m)^#+ (.*)$", DOCUMENT)}
    links = set(re.findall(r"\]\(#([^)]*)\)", DOCUMENT))
    assert links - headings == set()


def test_all_rows_of_a_table_have_the_cells_of_its_head() -> None:
    for found in re.findall(r"(?s)<table>.*?</table>", rendered(DOCUMENT)):
        head = found.count("<th>")
        assert {row.count("<td>") for row in re.findall(r"(?s)<tr>.*?</tr>", found)} <= {0, head}


def test_the_document_is_the_same_each_time() -> None:
    assert rules_document(CATALOGUES) == DOCUMENT


def test_each_provider_has_its_part() -> None:
    for provider in PROVIDERS:
        assert f"\n## {provider}\n" in DOCUMENT
