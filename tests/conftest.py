"""Holds for every test."""

from __future__ import annotations

import os

import pytest

# ONNX Runtime sends usage data unless told otherwise before its first import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

pytest.register_assert_rewrite("backends.conformance")
