"""Sound documents of every kind, by the subject's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hypothesis import strategies as st

from simulator.bench.strategies import files, model_bodies, services
from simulator.bench.strategies.wish import ANY, Document, Wish

SUBJECTS: Mapping[str, Callable[[Wish], st.SearchStrategy[Document]]] = {
    "create-service": services.deploy,
    "update-service": services.change,
    "create-model": model_bodies.model,
    "config-json": model_bodies.config_file,
    "manifest": files.manifest,
    "batch-input": files.batch_input,
    "prediction": files.prediction,
}


def documents(subject: str, wish: Wish = ANY) -> st.SearchStrategy[Document]:
    """Documents of a kind that break no rule, and of which nothing is told.

    Args:
        subject: as the catalogue names it, such as `create-service`.
        wish: what they must have.
    """
    return SUBJECTS[subject](wish)
