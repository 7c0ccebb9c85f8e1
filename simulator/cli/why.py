"""why: why a service does not run."""

from __future__ import annotations

from typing import Any

from simulator.cli.naming import find_service
from simulator.cli.output import Output, clock_time
from simulator.cli.session import HomeOption, JsonOption, ServiceArgument, Session

Json = dict[str, Any]


def why(service: ServiceArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Say why a service does not run: the cause, what shows it, what to do, and what the cloud
    would have shown."""
    session = Session(home, as_json)
    with session.server() as server:
        found = find_service(server.state()["services"], service)
        told = server.why(found["service_id"])
    if session.output.as_json:
        session.output.document(told)
    else:
        _print(session.output, told)


def _print(output: Output, told: Json) -> None:
    known, cloud = told["known"], told["cloud"]
    pairs = [("service", f"{told['name']} ({told['status']})"), ("what happened", told["summary"])]
    if told["cause"]:
        pairs.append(("cause", told["cause"] + (f": {known['meaning']}" if known else "")))
    if known:
        pairs += [("what to do", known["fix"]), ("source", known["source"])]
    if cloud:
        waited = f"{cloud['status']} after {cloud['waited_s']:,.0f} s; here after "
        pairs.append(("in the cloud", f"{waited}{cloud['here_s']:,.1f} s"))
    output.fields(pairs)
    if told["timeline"]:
        output.line()
        output.table(
            ["WHEN", "~WHAT"],
            [[clock_time(one["at_ms"]), one["text"]] for one in told["timeline"]],
        )
    for one in told["evidence"]:
        output.line()
        output.note(f"  {one['title']}:")
        output.block(one["text"])
