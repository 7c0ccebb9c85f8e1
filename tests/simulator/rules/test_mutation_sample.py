"""A mistake in a rule is noticed: a sample here, all of them by `scripts/mutate-rules`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SAMPLE = 24
SEED = 1
UNNOTICED = 3
"""How many of the sample may be unnoticed: each change of a rule draws another sample, and a few
in a hundred mistakes are known to be unnoticed (`scripts/mutate-rules` lists them)."""


@pytest.mark.timeout(600)
def test_of_a_sample_of_mistakes_in_the_rules_nearly_all_are_noticed() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "mutate-rules"), "--per-rule", "1"]
    command += ["--sample", str(SAMPLE), "--seed", str(SEED)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=540)
    counts = re.search(rf"^all +{SAMPLE} .* ([0-9]+) +[0-9.]+$", done.stdout, re.MULTILINE)
    assert counts is not None, done.stdout + done.stderr
    assert int(counts[1]) <= UNNOTICED, done.stdout
    assert "mutate-rules-equivalent.txt, but" not in done.stdout, done.stdout
