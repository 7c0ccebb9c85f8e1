"""Hypothesis strategies for requests of the simulated clouds: sound ones and broken ones.

    from hypothesis import given
    from simulator.bench import strategies as drydock

    @given(drydock.deploy_requests())
    def test_my_client_can_send_it(request): ...

    @given(drydock.breaking("MA-SVC-014"))
    def test_my_client_shows_the_refusal(case): ...

A sound document breaks no rule under the default readings, and nothing is told of it either. All
strategies build what is right, none throws drawn values away, and they shrink to small documents.
`documents(subject, wish)` is what the others are made of, for projects that need more control.
"""

from __future__ import annotations

from hypothesis import strategies as st

from simulator.bench.strategies.refusals import breaking, broken
from simulator.bench.strategies.subjects import documents
from simulator.bench.strategies.wish import ANY, KINDS, PLACES, Document, Wish
from simulator.bench.strategies.worlds import admissible, facts_for

__all__ = [
    "ANY",
    "KINDS",
    "PLACES",
    "Document",
    "Wish",
    "admissible",
    "batch",
    "batch_inputs",
    "breaking",
    "broken",
    "config_files",
    "custom_spec",
    "deploy_requests",
    "documents",
    "edge",
    "facts_for",
    "manifests",
    "models",
    "multi_pool",
    "multi_version",
    "predictions",
    "real_time",
    "scheduled",
    "updates",
]

Documents = st.SearchStrategy[Document]
_CREATE = "create-service"
_REAL_TIME = ("real-time",)


def deploy_requests(*, unknown: bool = False) -> Documents:
    """Deploy requests of every kind.

    Args:
        unknown: here and there with a field that no document names; accepted with a warning.
    """
    return documents(_CREATE, Wish(unknown=unknown))


def real_time(*, unknown: bool = False) -> Documents:
    """Real-time services: 1 to 3 versions, in the public pool or in dedicated ones."""
    return documents(_CREATE, Wish(kinds=_REAL_TIME, unknown=unknown))


def batch(*, unknown: bool = False) -> Documents:
    """Batch services over files, CSV files and manifests."""
    return documents(_CREATE, Wish(kinds=("batch",), unknown=unknown))


def edge(*, unknown: bool = False) -> Documents:
    """Edge services."""
    return documents(_CREATE, Wish(kinds=("edge",), unknown=unknown))


def custom_spec(*, unknown: bool = False) -> Documents:
    """Real-time services in a dedicated pool, with sizes of their own."""
    return documents(_CREATE, Wish(kinds=_REAL_TIME, custom=True, unknown=unknown))


def scheduled(*, unknown: bool = False) -> Documents:
    """Real-time services that stop by themselves."""
    wish = Wish(kinds=_REAL_TIME, unknown=unknown)
    return documents(_CREATE, wish.with_("/schedule"))


def multi_version(*, unknown: bool = False) -> Documents:
    """Real-time services with 2 to 5 versions that share the traffic."""
    return documents(_CREATE, Wish(kinds=_REAL_TIME, versions=(2, 5), unknown=unknown))


def multi_pool(*, unknown: bool = False) -> Documents:
    """Real-time services that run in two dedicated pools at once."""
    places = ("service", "versions", "both")
    wish = Wish(kinds=_REAL_TIME, places=places, pools=("pair",), unknown=unknown)
    return documents(_CREATE, wish)


def updates(*, unknown: bool = False) -> Documents:
    """Updates of services: a new status, or any other change."""
    return documents("update-service", Wish(unknown=unknown))


def models(*, unknown: bool = False) -> Documents:
    """Bodies that create a model."""
    return documents("create-model", Wish(unknown=unknown))


def config_files(*, unknown: bool = False) -> Documents:
    """Contents of a model's config.json."""
    return documents("config-json", Wish(unknown=unknown))


def manifests() -> Documents:
    """Manifest files of batch services, as the judge reads them: name and lines."""
    return documents("manifest")


def batch_inputs() -> Documents:
    """Files that a batch service reads: name and size."""
    return documents("batch-input")


def predictions() -> Documents:
    """Calls of a real-time service, as its gateway sees them."""
    return documents("prediction")
