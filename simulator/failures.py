"""How failures that are tried again are logged."""

from __future__ import annotations

import logging

from backends.errors import BackendError
from simulator.store.trouble import store_trouble


def log_failure(logger: logging.Logger, what: str, error: Exception) -> None:
    """What must be reckoned with (a backend that does not answer, a disk that is full) in a line;
    anything else with its traceback.

    Args:
        what: could not be done: a sentence's beginning, or the id that it is about.
    """
    trouble = store_trouble(error)
    if trouble is not None:
        logger.warning("%s: %s", what, trouble.message)
    elif isinstance(error, BackendError):
        logger.warning("%s: %s", what, error)
    else:
        logger.error("%s: %s", what, error, exc_info=error)
