"""Schemas that several of the ModelArts API's answers are made of."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.openapi import array, count, integer, record
from simulator.rules.openapi import Schema, reference


def page(about: str, name: str, item: str, more: Mapping[str, Schema] | None = None) -> Schema:
    """A page of a list.

    Args:
        name: the member that holds it.
        item: the named schema of what is listed.
        more: members before those that every page has.
    """
    counts = {
        "total_count": count("How many match."),
        "count": count("How many are on this page."),
    }
    return record(about, {**(more or {}), **counts, name: array(reference(item), "This page.")})


def instant(about: str) -> Schema:
    """An instant of the platform clock."""
    return integer(f"{about}; milliseconds since 1970.")
