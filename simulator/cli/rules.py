"""rules: list what the documents state, explain one rule, show what is covered."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.failures import Failure, UsageFailure
from simulator.cli.session import JsonOption, Session

if TYPE_CHECKING:
    from simulator.cli.output import Output
    from simulator.rules.catalogue import Catalogue
    from simulator.rules.coverage import Statement
    from simulator.rules.rule import Reading, Rule

Json = dict[str, Any]


def rules(
    rule_id: Annotated[
        str, typer.Argument(metavar="[ID]", help="A rule to explain, such as MA-SVC-014.")
    ] = "",
    coverage: Annotated[
        bool,
        typer.Option("--coverage", help="Every statement of the documents, with its rules or why."),
    ] = False,
    readings: Annotated[
        bool, typer.Option("--readings", help="What the documents answer in more than one way.")
    ] = False,
    provider: Annotated[
        str, typer.Option("--provider", metavar="modelarts|eas", help="Only of this provider.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """List the documented rules, or explain one with its source and an example.

    Needs no server.
    """
    from simulator.catalogues import PROVIDERS, catalogue, statements  # noqa: PLC0415

    if provider and provider not in PROVIDERS:
        raise UsageFailure(
            f"there is no provider {provider}", hint=f"one of {', '.join(PROVIDERS)}"
        )
    output = Session(None, as_json).output
    names = (provider,) if provider else PROVIDERS
    if coverage:
        _coverage(output, [one for name in names for one in statements(name)])
    elif readings:
        _readings(output, [(name, one) for name in names for one in catalogue(name).readings])
    elif rule_id:
        _explain(output, rule_id.upper(), [catalogue(name) for name in names])
    else:
        _list(output, [rule for name in names for rule in catalogue(name).rules])


def rule_document(rule: Rule) -> Json:
    """A rule for programs."""
    return {
        "id": rule.id,
        "statement": rule.statement,
        "document": rule.source.document,
        "place": rule.source.place,
        "subjects": list(rule.subjects),
        "at": rule.at,
        "level": rule.level.value,
        "severity": rule.severity.value,
        "proof": rule.proof.value,
        "reading": rule.reading,
        "status": rule.answer.status,
        "error_code": rule.answer.code,
    }


def _list(output: Output, found: list[Rule]) -> None:
    if output.as_json:
        output.document([rule_document(rule) for rule in found])
        return
    output.table(
        ["ID", "~STATEMENT", "~SOURCE"],
        [[rule.id, _statement(rule), str(rule.source)] for rule in found],
    )
    output.note(f"{len(found)} rules; `drydock rules ID` explains one", "dim")


def _statement(rule: Rule) -> str:
    return f"{rule.statement} (warning)" if rule.severity == "warning" else rule.statement


def _explain(output: Output, rule_id: str, catalogues: list[Catalogue]) -> None:
    from simulator.rules.text import nearest  # noqa: PLC0415

    for catalogue in catalogues:
        if rule_id in catalogue.by_id:
            _explain_in(output, catalogue, catalogue.by_id[rule_id])
            return
    near = nearest(rule_id, [known for one in catalogues for known in one.by_id])
    raise Failure(
        f"there is no rule {rule_id}",
        hint=f"did you mean {near}?" if near else "`drydock rules` lists them",
    )


def _explain_in(output: Output, catalogue: Catalogue, rule: Rule) -> None:
    reading = next((one for one in catalogue.readings if one.name == rule.reading), None)
    example = _example(catalogue, rule)
    if output.as_json:
        document = rule_document(rule) | {"meaning": rule.answer.meaning, "example": example}
        if reading is not None:
            document["readings"] = {"default": reading.default, "options": dict(reading.options)}
        output.document(document)
        return
    output.line(f"{rule.id}: {rule.statement}", "bold")
    answer = f"{rule.answer.status} {rule.answer.code}: {rule.answer.meaning}"
    pairs: list[tuple[str, object]] = [
        ("source", rule.source),
        ("proof", rule.proof.value),
        ("about", ", ".join(catalogue.subject(name).title for name in rule.subjects)),
        ("place", rule.at or "the whole document"),
        ("level", rule.level.value),
        ("severity", rule.severity.value),
        ("answer", answer),
    ]
    if reading is not None:
        pairs.append(("question", reading.question))
        for name, meaning in reading.options.items():
            mark = " (default)" if name == reading.default else ""
            pairs.append((f"  {name}", f"{meaning}{mark}"))
    if example is not None:
        pairs.append(("example", f"in {example['base']}: {_changes(example)}"))
        pairs += [("says", message) for message in example["messages"]]
    output.fields(pairs)


def _changes(example: Json) -> str:
    """What makes the example of its base, in words."""
    parts = [
        f"{place} = {json.dumps(value, ensure_ascii=False)}"
        for place, value in example["changes"].items()
    ]
    parts += [f"without {place}" for place in example["removed"]]
    parts += [f"by the reading {name}={option}" for name, option in example["readings"].items()]
    return "; ".join(parts) or "as it is, in another world"


def _example(catalogue: Catalogue, rule: Rule) -> Json | None:
    """The example that breaks the rule, with what is said of it."""
    from simulator.rules.rule import Removed  # noqa: PLC0415

    if rule.example is None:
        return None
    messages = [
        violation.message
        for violation in catalogue.broken_by_example(rule)
        if violation.rule == rule.id
    ]
    return {
        "base": rule.example.base,
        "changes": {
            place: value
            for place, value in rule.example.changes.items()
            if not isinstance(value, Removed)
        },
        "removed": [
            place for place, value in rule.example.changes.items() if isinstance(value, Removed)
        ],
        "readings": dict(rule.example.readings),
        "messages": messages,
    }


def _readings(output: Output, found: list[tuple[str, Reading]]) -> None:
    if output.as_json:
        output.document(
            [
                {
                    "provider": provider,
                    "name": one.name,
                    "question": one.question,
                    "options": dict(one.options),
                    "default": one.default,
                    "why": one.why,
                }
                for provider, one in found
            ]
        )
        return
    for _, one in found:
        output.line(f"{one.name}: {one.question}", "bold")
        output.fields(
            [
                (f"{name} *" if name == one.default else name, meaning)
                for name, meaning in one.options.items()
            ]
        )
    output.note(
        "* is the default; choose with `--reading NAME=OPTION` or [readings] in drydock.toml", "dim"
    )


def _coverage(output: Output, found: list[Statement]) -> None:
    if output.as_json:
        output.document(
            [
                {
                    "document": one.document,
                    "place": one.place,
                    "statement": one.statement,
                    "rules": list(one.rules),
                    "why": one.why,
                }
                for one in found
            ]
        )
        return
    output.table(
        ["~DOCUMENT", "~PLACE", "~STATEMENT", "~RULES, OR WHY NONE"],
        [
            [one.document, one.place, one.statement, ", ".join(one.rules) or one.why]
            for one in found
        ],
    )
    held = Counter(bool(one.rules) for one in found)
    output.note(
        f"{len(found)} statements: {held[True]} have rules, {held[False]} deliberately none", "dim"
    )
