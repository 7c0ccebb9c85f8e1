"""What is generated and committed is what would be generated now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_document_of_the_rules_is_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "generate-rules"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
