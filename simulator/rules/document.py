"""The rules as a Markdown document: what docs/rules.md is made of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from simulator.rules.catalogue import Catalogue, is_about_shape
from simulator.rules.markdown import anchor, code, plain, table
from simulator.rules.rule import Level, Reading, Removed, Rule, Severity

_VALUE_CHARS = 48
"""A value of an example is cut at this length."""
_AREA_ROWS = 4
"""A part of a document with fewer rules than this is shown with what holds it."""
_GIVEN = {
    Level.UPDATE: ", given what is changed",
    Level.ADMISSION: ", given what exists",
    Level.RUNTIME: ", while it runs",
}
_INTRODUCTION = """\
# Rules

What the documents of the clouds demand, one statement a rule: what `drydock check` and the
simulated APIs hold every request against. This page is made from the rules themselves by
`scripts/generate-rules`; a change here is lost.

- **A rule** has an id that is never given to another statement, a source, what the cloud answers to
  a request that breaks it, and an example: a change of a sound document that breaks this rule and
  no other. Sound documents are at the end of each part.
- **Level**: what a rule must know. *request*: the document alone. *update*: also the thing that is
  changed. *admission*: also what exists, such as models, pools and quotas. *runtime*: what happens
  later, such as a prediction or a batch input.
- **Severity**: an *error* is refused; a *warning* is accepted, and told.
- **Proof**: *documented*: a page states it. *observed*: seen with, or read in, a real client.
  *inferred*: nobody states it, and it follows from what is stated.
- **A reading** is a question that the documents answer in more than one way. Each has a default.
  Choose another for good in `drydock.toml`, or for one run:

  ```
  [readings]
  NAME = "OPTION"
  ```

  ```
  drydock check --reading NAME=OPTION request.json
  ```

Null counts as absent everywhere. Everything that is wrong with a document is told at once, in the
order of the documents; the first rule that is broken decides the answer's status and code."""


def rules_document(catalogues: Sequence[Catalogue]) -> str:
    """All rules of some clouds as Markdown."""
    lines = [_INTRODUCTION, "", "## Contents", ""]
    for catalogue in catalogues:
        lines += _contents(catalogue)
    for catalogue in catalogues:
        lines += ["", f"## {catalogue.provider}", *_counts(catalogue)]
        lines += ["", f"### {_readings_title(catalogue)}", *_readings(catalogue.readings)]
        lines += ["", f"### {_fields_title(catalogue)}", *_fields(catalogue)]
        for title, rules in _families(catalogue):
            lines += ["", f"### {title}", *_family(catalogue, rules)]
        lines += ["", f"### {_answers_title(catalogue)}", *_answers(catalogue)]
        lines += ["", f"### {_documents_title(catalogue)}", *_documents(catalogue)]
    return _without_double_blanks(lines)


def _without_double_blanks(lines: Iterable[str]) -> str:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n"


def _contents(catalogue: Catalogue) -> Iterator[str]:
    titles = [_readings_title(catalogue), _fields_title(catalogue)]
    titles += [title for title, _ in _families(catalogue)]
    titles += [_answers_title(catalogue), _documents_title(catalogue)]
    yield f"- [{catalogue.provider}](#{anchor(catalogue.provider)})"
    for title in titles:
        yield f"  - [{title}](#{anchor(title)})"


def _readings_title(catalogue: Catalogue) -> str:
    return f"Readings ({catalogue.provider})"


def _fields_title(catalogue: Catalogue) -> str:
    return f"Fields ({catalogue.provider})"


def _answers_title(catalogue: Catalogue) -> str:
    return f"Answers ({catalogue.provider})"


def _documents_title(catalogue: Catalogue) -> str:
    return f"Sound documents ({catalogue.provider})"


def _counts(catalogue: Catalogue) -> Iterator[str]:
    rules = catalogue.rules
    shape = sum(is_about_shape(rule) for rule in rules)
    warnings = sum(rule.severity is Severity.WARNING for rule in rules)
    levels = Counter(rule.level for rule in rules)
    proofs = Counter(rule.proof for rule in rules)
    yield ""
    yield (
        f"{len(rules)} rules, {shape} of them on types and mandatory fields; {warnings} only warn. "
        f"{', '.join(f'{level.value} {count}' for level, count in levels.items())}; "
        f"{', '.join(f'{proof.value} {count}' for proof, count in proofs.items())}."
    )


def _readings(readings: Iterable[Reading]) -> list[str]:
    rows = []
    for reading in readings:
        options = "<br>".join(
            f"{code(option)}: {plain(meaning)}" for option, meaning in reading.options.items()
        )
        default, why = code(reading.default), plain(reading.why)
        rows.append((code(reading.name), plain(reading.question), options, default, why))
    return table(("name", "question", "options", "default", "why"), rows)


def _fields(catalogue: Catalogue) -> list[str]:
    """One row for each field, at the first place where it stands."""
    rows: dict[str, tuple[str, str, list[Rule]]] = {}
    for rule in catalogue.rules:
        if is_about_shape(rule) and rule.id != catalogue.unknown.id:
            number = rule.id.rsplit("-", 1)[-1]
            rows.setdefault(number, (rule.at, _titles(catalogue, [rule]), []))[2].append(rule)
    cells = []
    for at, subjects, rules in rows.values():
        is_mandatory = any("-MUST-" in rule.id for rule in rules)
        ids = ", ".join(_linked(rule.id) for rule in rules)
        source = plain(str(rules[0].source))
        must = "yes" if is_mandatory else ""
        cells.append((code(at), plain(_kind(at, rules)), must, subjects, source, ids))
    return table(("place", "type", "mandatory", "in", "source", "ids"), cells)


def _kind(at: str, rules: Iterable[Rule]) -> str:
    """The words for the type, from the statement of the rule on it."""
    name = at.rsplit("/", 1)[-1]
    for rule in rules:
        if "-TYPE-" in rule.id:
            return rule.statement.removeprefix(f"{name} is ").rstrip(".")
    return "any value"


def _linked(rule_id: str) -> str:
    """An id that can be pointed at: `docs/rules.md#MA-SVC-001`."""
    return f'<a id="{rule_id}"></a>{rule_id}'


def _families(catalogue: Catalogue) -> Iterator[tuple[str, list[Rule]]]:
    """The written rules by the middle of their ids, with titles."""
    families: dict[str, list[Rule]] = {}
    for rule in (*catalogue.written, catalogue.unknown):
        families.setdefault("-".join(rule.id.split("-")[:2]), []).append(rule)
    for name, rules in families.items():
        levels = {rule.level for rule in rules}
        given = _GIVEN.get(next(iter(levels)), "") if len(levels) == 1 else ""
        yield f"{name}: {_titles(catalogue, rules)}{given}", rules


def _titles(catalogue: Catalogue, rules: Iterable[Rule]) -> str:
    names = {name for rule in rules for name in rule.subjects}
    titles = [subject.title for subject in catalogue.subjects if subject.name in names]
    return " and ".join(part for part in (", ".join(titles[:-1]), *titles[-1:]) if part)


def _family(catalogue: Catalogue, rules: list[Rule]) -> Iterator[str]:
    parts = _parts(catalogue, rules)
    for title, inside in parts:
        if len(parts) > 1:
            yield ""
            yield f"**{title}**"
        yield from table(
            ("id", "statement", "source", "proof", "answer", "reading", "example"),
            [_row(rule) for rule in inside],
        )


def _parts(catalogue: Catalogue, rules: Iterable[Rule]) -> list[tuple[str, list[Rule]]]:
    """The rules by the kind of document, and by the part of it, that they are about."""
    parts = []
    for subject in catalogue.subjects:
        asked = [rule for rule in rules if _first_subject(catalogue, rule) == subject.name]
        for area, inside in _areas(asked).items():
            title = f"{subject.title}, {code(area)}" if area else subject.title
            parts.append((title, inside))
    return parts


def _first_subject(catalogue: Catalogue, rule: Rule) -> str:
    return next(one.name for one in catalogue.subjects if one.name in rule.subjects)


def _areas(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """The rules by the part of a document that they are about; small parts join what holds them."""
    found = {rule.id: _area(rule) for rule in rules}
    known = set(found.values())
    areas: dict[str, list[Rule]] = {}
    for rule in rules:
        items = f"{rule.at}/*"  # a rule on an array stands with those on its items
        areas.setdefault(items if items in known else found[rule.id], []).append(rule)
    for area in sorted(areas, key=lambda name: -name.count("/")):
        if area and len(areas[area]) < _AREA_ROWS:
            holder = next((above for above in _above(area) if above in areas), "")
            areas.setdefault(holder, []).extend(areas.pop(area))
    for inside in areas.values():
        inside.sort(key=lambda rule: rule.id)
    return dict(sorted(areas.items()))


def _area(rule: Rule) -> str:
    return rule.at if rule.at.endswith("/*") or rule.when else _parent(rule.at)


def _parent(place: str) -> str:
    return place.rpartition("/")[0]


def _above(area: str) -> Iterator[str]:
    while area:
        area = _parent(area)
        yield area


def _row(rule: Rule) -> tuple[str, ...]:
    level = "" if rule.level is Level.REQUEST else f" *({rule.level.value})*"
    answer = f"{rule.answer.status} {code(rule.answer.code)}"
    if rule.severity is Severity.WARNING:
        answer = "**warning**"
    elif not rule.answer.code:
        answer = plain(rule.answer.meaning)
    return (
        _linked(rule.id),
        plain(rule.statement) + level,
        plain(str(rule.source)),
        rule.proof.value,
        answer,
        code(rule.reading),
        _example(rule),
    )


def _answers(catalogue: Catalogue) -> list[str]:
    """The codes that rules answer with."""
    codes = {
        (rule.answer.status, rule.answer.code, rule.answer.meaning)
        for rule in catalogue.rules
        if rule.answer.code and rule.severity is Severity.ERROR
    }
    rows = [(str(status), code(word), plain(meaning)) for status, word, meaning in sorted(codes)]
    return table(("status", "code", "meaning"), rows)


def _example(rule: Rule) -> str:
    example = rule.example
    if example is None:
        return ""
    parts = [_change(place, value) for place, value in example.changes.items()]
    parts += [f"where {_fact(name, value)}" for name, value in example.facts.items()]
    parts += [f"with {code(f'{name}={option}')}" for name, option in example.readings.items()]
    return f"{code(example.base)}: " + "; ".join(parts or ["as it is"])


def _change(place: str, value: Any) -> str:
    if isinstance(value, Removed):
        return f"without {code(place)}"
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > _VALUE_CHARS:
        text = text[: _VALUE_CHARS - 1] + "…"
    return f"{code(place or '/')} = {code(text)}"


def _fact(name: str, value: Any) -> str:
    """A fact by its name; its value where that is short and always printed alike."""
    if isinstance(value, str | int | float | bool):
        return f"{code(name)} is {code(str(value))}"
    return f"{code(name)} are others" if name.endswith("s") else f"{code(name)} is another"


def _documents(catalogue: Catalogue) -> Iterator[str]:
    """Each document once, folded away."""
    for subject in catalogue.subjects:
        for name in subject.examples:
            body = json.dumps(catalogue.documents[name], ensure_ascii=False, indent=2)
            yield ""
            yield f"<details><summary>{name}: {subject.title}</summary>"
            yield ""
            yield f"```json\n{body}\n```"
            yield ""
            yield "</details>"
