from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.iam.keys import KeyFileError, load_or_create_key


def test_a_new_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "token-key.pem"
    load_or_create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["token-key.pem"]


def test_the_second_start_uses_the_first_starts_key(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    first = load_or_create_key(path)
    assert load_or_create_key(path).private_numbers() == first.private_numbers()


def test_starters_at_the_same_moment_end_up_with_one_key(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(load_or_create_key, [path] * 8))
    assert len({key.private_numbers().private_value for key in keys}) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["key.pem"]


def test_a_file_that_is_no_key_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("not a key")
    with pytest.raises(KeyFileError, match="Delete the file"):
        load_or_create_key(path)
    assert path.read_text() == "not a key"


def test_a_key_of_another_curve_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(
        ec.generate_private_key(ec.SECP384R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    with pytest.raises(KeyFileError, match="not a P-256 key"):
        load_or_create_key(path)


def test_a_folder_that_cannot_be_made_is_an_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyFileError, match=r"key\.pem"):
        load_or_create_key(tmp_path / "file" / "key.pem")
