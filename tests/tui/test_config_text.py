"""The configuration is shown whole, but for its secrets."""

import json

import pytest

from tui.config_text import HIDDEN, config_text, hide_secrets


@pytest.mark.parametrize(
    "key",
    ["DB_PASSWORD", "secret_name", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "apiKey", "ak", "app_key"],
)
def test_a_secret_is_hidden_at_any_depth(key: str) -> None:
    shown = hide_secrets({"config": [{"envs": {key: "hunter2"}}]})
    assert shown == {"config": [{"envs": {key: HIDDEN}}]}


@pytest.mark.parametrize("key", ["max_tokens", "weight", "keyboard", "specification", "task"])
def test_other_values_are_shown(key: str) -> None:
    assert hide_secrets({key: "7"}) == {key: "7"}


def test_the_text_is_the_same_json() -> None:
    config = {"service_name": "digits", "config": [{"weight": "100", "envs": {"A": "é"}}]}
    assert json.loads(config_text(config)) == config


def test_the_text_cannot_control_the_terminal() -> None:
    assert config_text({"name": "a\x9b2J\u202eb"}) == '{\n  "name": "a\\u202eb"\n}'
