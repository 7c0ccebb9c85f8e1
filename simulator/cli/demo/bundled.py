"""Where the real model, digits and requests lie that come with Drydock."""

from __future__ import annotations

from pathlib import Path

import simulator
from simulator.cli.failures import Failure


def bundled(name: str) -> Path:
    """A file or directory that comes with Drydock, such as `packages/mnist`.

    In an installed wheel they lie in the package, in a checkout in `fixtures`.

    Raises:
        Failure: it is in neither place.
    """
    package = Path(simulator.__file__).parent
    places = [package / "bundled" / name, package.parent / "fixtures" / name]
    for place in places:
        if place.exists():
            return place
    raise Failure(
        f"{name} is missing: looked for {places[0]} and {places[1]}",
        hint="the installation is not complete: install Drydock again",
    )
