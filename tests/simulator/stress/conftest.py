"""A server to send requests to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.answering_site import Site, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as made:
        yield made
