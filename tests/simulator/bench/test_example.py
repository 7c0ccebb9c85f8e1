"""The documented example works where a stranger would have it: in a directory of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "deploy_tool"
GUIDE = (ROOT / "docs" / "testing.md").read_text()
FILES = ["deploy_tool.py", "test_deploy_tool.py"]


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["one by one", "side by side"])
def test_the_examples_tests_pass_as_a_project_of_their_own(
    tmp_path: Path, arguments: list[str]
) -> None:
    for name in FILES:
        shutil.copy(EXAMPLE / name, tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", *arguments],
        cwd=tmp_path,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^5 passed", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize("name", FILES)
def test_the_guide_shows_the_example_as_it_is(name: str) -> None:
    assert f"```python\n{(EXAMPLE / name).read_text()}```" in GUIDE
