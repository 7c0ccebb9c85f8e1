"""Errors that a backend raises. A root of their own: backends never import the simulator.

    BackendError            anything a backend could not do; carries a reason code and a hint
      EngineUnavailable     the container engine does not answer; nothing is known about instances
      ImageNotFound         the image is not in the engine and could not be pulled
      ImageBuildFailed      building the runtime image failed; `evidence` is the end of its log
      ArtifactUnsupported   this backend cannot run this kind of model (an image as a process)
      StartFailed           could not be started; what was created has been removed again
      NameConflict          something that is not ours has the name we need; it was left alone

A failed *instance* is not an exception but an observation: see `backends.base.Observation`.
"""

from __future__ import annotations


class BackendError(Exception):
    """A backend could not do what was asked.

    Attributes:
        reason: stable CamelCase code, the class's own name.
        message: one plain sentence saying what failed.
        hint: what the user can do next; may be empty.
        evidence: raw text from the engine or the tool, e.g. the end of a log; may be empty.
        retryable: whether the same call may succeed later without the user changing anything.
    """

    retryable = False

    def __init__(self, message: str, *, hint: str = "", evidence: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.evidence = evidence

    @property
    def reason(self) -> str:
        return type(self).__name__


class EngineUnavailable(BackendError):
    """The engine does not answer. Everything it runs is in an unknown state until it does."""

    retryable = True


class ImageNotFound(BackendError):
    """The image is not in the engine and could not be pulled."""


class ImageBuildFailed(BackendError):
    """The runtime image could not be built."""


class ArtifactUnsupported(BackendError):
    """This backend cannot run this kind of artifact."""


class StartFailed(BackendError):
    """The instance could not be started. Nothing of it is left behind."""

    retryable = True


class NameConflict(BackendError):
    """A thing that is not ours carries the name that we need."""
