from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINES = (ROOT / "backends" / "runtime" / "Dockerfile").read_text().splitlines()


@pytest.mark.parametrize(
    "line",
    [
        "ARG BASE=python:3.11-slim",
        "FROM ${BASE}",
        "COPY site /opt/drydock/site",
        "COPY backends /opt/drydock/backends",
        "RUN python3 -m compileall -q /opt/drydock",
        "    ORT_DISABLE_TELEMETRY=1 \\",
        "USER 65532:65532",
        "EXPOSE 8080",
        'ENTRYPOINT ["python3", "-m", "backends.runtime"]',
    ],
)
def test_the_image_has(line):
    assert line in LINES


def test_the_classic_builder_can_build_it():
    """No BuildKit syntax: no heredoc, no mount, no link, no syntax line."""
    text = "\n".join(LINES)
    assert not any(word in text for word in ("<<", "--mount", "--link", "# syntax="))
