"""Which environment variables can be set, and which look like secrets."""

from __future__ import annotations

import pytest

from simulator.rules.environment import is_name, is_secret_name


@pytest.mark.parametrize("name", ["A", "_", "a.b-c_1", "Z9", "model_name", "_1"])
def test_names_that_a_process_can_be_given(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "1A", "-a", ".a", "a b", "a=b", "é", "a\n", "a/b", "a\x00"])
def test_names_that_it_cannot(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD", "DB_PASSWORD", "password", "pass", "MYSQL_PASSWD", "PASSPHRASE",
        "CLIENT_SECRET", "SECRET_VALUE", "TOKEN", "api_token", "API_KEY", "APIKEY",
        "OPENAI_API_KEY", "ACCESS_KEY", "ACCESSKEY_ID", "PRIVATE_KEY", "PRIVATEKEY", "CREDENTIAL",
        "CREDENTIALS", "HUAWEI_SK", "SK",
    ],
)  # fmt: skip
def test_variables_that_look_like_secrets_by_their_name(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["model_name", "PASSENGERS", "TOKENIZER", "COMPASS", "KEY", "MASK", "TASK_ID", "SKIP",
     "SECRETARY"],
)  # fmt: skip
def test_variables_that_do_not(name: str) -> None:
    assert not is_secret_name(name)
