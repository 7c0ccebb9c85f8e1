"""How requests reach a service, as its user wants it. Pure; kept with the service's row."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from simulator.collection.rules import OFF, Collection, collection_of, kept_collection
from simulator.gateway.state import Balancing


@dataclass(frozen=True)
class Routing:
    """See the module.

    Attributes:
        balancing: which instance of a version gets a request.
        websocket: the service speaks WebSocket, and nothing else.
        requests_per_s: traffic limit; 0 for none, None for the server's setting.
        max_body_bytes: larger requests are refused; 0 for no limit: requests are passed on as they
            come. None for the documented limit.
        timeout_s: real seconds until the first byte of an answer; None for the server's setting.
        direct: the instances' own addresses are told to callers.
        collection: which requests and answers are kept.
    """

    balancing: Balancing = Balancing.ROUND_ROBIN
    websocket: bool = False
    requests_per_s: int | None = None
    timeout_s: float | None = None
    max_body_bytes: int | None = None
    direct: bool = False
    collection: Collection = OFF


def routing_of(kept: dict[str, Any]) -> Routing:
    """From what is kept; what is absent is as by default."""
    values = dict(kept)
    if "balancing" in values:
        values["balancing"] = Balancing(values["balancing"])
    if "collection" in values:
        values["collection"] = collection_of(values["collection"])
    return Routing(**values)


def kept_routing(routing: Routing) -> dict[str, Any]:
    """What is kept of it: what is otherwise than by default."""
    default = asdict(Routing())
    kept = {name: value for name, value in asdict(routing).items() if value != default[name]}
    if "collection" in kept:
        kept["collection"] = kept_collection(routing.collection)
    return kept
