"""The installation's token key: one P-256 private key in a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


class KeyFileError(Exception):
    """The key file cannot be used; the message says what to do."""


def load_or_create_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read the key at `path`, or make one there (PKCS#8 PEM, mode 0600).

    The file appears complete or not at all. Of several processes that start at once one wins, and
    all use its key.

    Raises:
        KeyFileError: the file cannot be read or written, or holds no P-256 private key.
    """
    try:
        if not path.exists():
            _create(path)
        pem = path.read_bytes()
    except OSError as error:
        raise KeyFileError(
            f"Token key {path}: {error.strerror or error}. Make the folder writable for this user."
        ) from error
    return _parse(path, pem)


def _create(path: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces an existing file, so the first of several writers wins.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _parse(path: Path, pem: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileError(
            f"Token key {path}: not an unencrypted PEM private key. "
            "Delete the file; a new key is made at the next start, and old tokens end."
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyFileError(
            f"Token key {path}: not a P-256 key. "
            "Delete the file; a new key is made at the next start, and old tokens end."
        )
    return key
