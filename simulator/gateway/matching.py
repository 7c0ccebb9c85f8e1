"""Pieces of a route table: routes, what a matcher looks at, and what follows from a match."""

from __future__ import annotations

from simulator.gateway.envoy_json import Json, typed


def route(name: str, match: Json, action: Json, filters: Json) -> Json:
    """A route.

    Args:
        name: as the access log has it.
        match: Envoy's `RouteMatch`.
        action: the fields of the route that say what it does.
        filters: per-route settings, by filter.
    """
    return {"name": name, "match": match, **action, "typed_per_filter_config": filters}


def to_routes(routes: list[Json]) -> Json:
    """The action of a matcher: the first of these routes that matches."""
    config = typed("envoy.config.route.v3.RouteList", routes=routes)
    return {"action": {"name": "routes", "typed_config": config}}


def header_input(header: str) -> Json:
    """A matcher's input: a header, or a pseudo-header such as `:path`."""
    config = typed("envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name=header)
    return {"name": header, "typed_config": config}


def header_matches(header: str, regex: str) -> Json:
    """A predicate: there is the header, and the whole of its value matches (RE2)."""
    return {
        "single_predicate": {
            "input": header_input(header),
            "value_match": {"safe_regex": {"google_re2": {}, "regex": regex}},
        }
    }


def any_of(*predicates: Json) -> Json:
    """A predicate: at least one of these holds."""
    return {"or_matcher": {"predicate": list(predicates)}}


def all_of(*predicates: Json) -> Json:
    """A predicate: each of these holds."""
    return {"and_matcher": {"predicate": list(predicates)}}


def none_of(predicate: Json) -> Json:
    """A predicate: this one does not hold."""
    return {"not_matcher": predicate}
