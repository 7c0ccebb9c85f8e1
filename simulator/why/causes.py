"""The causes by which services do not run: what each means, and what to do about it.

A cause is the reason that the lifecycle gave, made narrower where the instance says more:
a program that ends because its disk is read-only ends for another cause than one that ends because
a file is missing. Sources are the documents on custom images and on deploying, and Drydock where it
is about this machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CUSTOM_IMAGE = "Specifications for Custom Images"
DEPLOYING = "Deploying as a Real-Time Service"
OWN = "Drydock"


@dataclass(frozen=True)
class Cause:
    """One of them.

    Attributes:
        meaning: one sentence.
        fix: what to do, a sentence.
        source: the document that it follows from.
    """

    meaning: str
    fix: str
    source: str


CAUSES = {
    "WrongPort": Cause(
        "The model's server listens on another port than the one that it is called at.",
        "Let it listen on 0.0.0.0:8080.",
        CUSTOM_IMAGE,
    ),
    "LoopbackOnly": Cause(
        "The model's server listens at 127.0.0.1, where nobody outside the container reaches it.",
        "Let it listen on 0.0.0.0, e.g. `--host 0.0.0.0`.",
        CUSTOM_IMAGE,
    ),
    "NothingListens": Cause(
        "The container runs, but nothing in it had begun to listen when the time was over.",
        "See in its log what it does; where it only takes long, raise deploy_timeout_in_seconds.",
        DEPLOYING,
    ),
    "HealthCheckFailed": Cause(
        "The model's server answers, but not as healthy at the health check's path.",
        "Serve the path that config.json declares under `health` with 200 to 399, or correct it.",
        CUSTOM_IMAGE,
    ),
    "DeployTimeout": Cause(
        "The deployment did not come to an end in its time.",
        "See what it waited for; where it only takes long, raise deploy_timeout_in_seconds.",
        DEPLOYING,
    ),
    "InstanceExited": Cause(
        "The model's program ended by itself, again and again.",
        "The end of its log says why; run the image by itself to see it whole.",
        CUSTOM_IMAGE,
    ),
    "MissingFile": Cause(
        "The model's program ended because a file, a module or a command is missing.",
        "Put it into the image or the package; paths are those inside the container.",
        CUSTOM_IMAGE,
    ),
    "ReadOnlyDisk": Cause(
        "The model's program ended because it wrote to the container's disk, which is read-only.",
        "Let it write below /tmp, which is in memory.",
        OWN,
    ),
    "WrongArchitecture": Cause(
        "The image is for another kind of processor.",
        "Build it for this machine, e.g. `docker build --platform linux/amd64`.",
        CUSTOM_IMAGE,
    ),
    "OutOfMemory": Cause(
        "The model needs more memory than its specification has.",
        "Choose a larger specification, or let the model need less.",
        DEPLOYING,
    ),
    "ImageNotFound": Cause(
        "The image is not here, and could not be fetched.",
        "Check its name and tag, sign in to its registry, or bring it with `docker load`.",
        CUSTOM_IMAGE,
    ),
    "ImageBuildFailed": Cause(
        "The image of the built-in model server could not be built.",
        "The end of the build's output says why; `drydock images build` tries again.",
        OWN,
    ),
    "ArtifactUnsupported": Cause(
        "This backend cannot run this kind of model.",
        "Images need the backend `docker`: `drydock up --backend docker`.",
        OWN,
    ),
    "StartFailed": Cause(
        "The container could not be started.",
        "What the engine said is the evidence.",
        OWN,
    ),
    "NameConflict": Cause(
        "Something that is not Drydock's has a name that it needs.",
        "Rename or remove that; the message names it.",
        OWN,
    ),
    "EngineUnavailable": Cause(
        "The container engine does not answer.",
        "Start it; Drydock goes on by itself.",
        OWN,
    ),
    "InsufficientResources": Cause(
        "There is no room for the instances: after three tries the deployment fails.",
        "Stop other services, choose a smaller specification or fewer instances, or add nodes.",
        DEPLOYING,
    ),
    "PoolLost": Cause(
        "The dedicated pool of the instances is gone.",
        "Bring it back with `drydock pools`, or deploy into another one.",
        OWN,
    ),
    "AutoStop": Cause(
        "The time that the service was to run is over.",
        "`drydock services start` starts it again.",
        DEPLOYING,
    ),
    "TransitionHeld": Cause(
        "It is held on its way, as the setting `transitions` or a test wants it.",
        "`drydock transitions release` lets it go on.",
        OWN,
    ),
}

_SAID = (
    ("WrongArchitecture", re.compile(r"exec format error", re.IGNORECASE)),
    ("ReadOnlyDisk", re.compile(r"read-only file ?system|\bEROFS\b", re.IGNORECASE)),
    (
        "MissingFile",
        re.compile(
            r"no such file or directory|FileNotFoundError|ModuleNotFoundError|\bENOENT\b|"
            r"executable file not found|not found in \$PATH",
            re.IGNORECASE,
        ),
    ),
)
"""What an instance or the engine says when it is one of these."""
_NARROWED = ("InstanceExited", "StartFailed")


def cause_of(reason: str, said: str) -> str:
    """The cause's name.

    Args:
        reason: the lifecycle's.
        said: the message and the evidence.
    """
    if reason in _NARROWED:
        for name, pattern in _SAID:
            if pattern.search(said):
                return name
    return reason
