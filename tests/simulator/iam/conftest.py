"""Two users, their installation's token key, and a clock that stands still."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.iam.directory import Directory
from simulator.iam.identity import Identity, Project, default_identity
from simulator.iam.tokens import TokenSigner

NOW_S = 1_780_000_000.5
ENDPOINT = "http://127.0.0.1:8780"


@pytest.fixture(scope="session")
def now_s() -> float:
    return NOW_S


@pytest.fixture(scope="session")
def alice() -> Identity:
    """The default user, with a second project."""
    user = default_identity()
    second = Project("a" * 32, "second")
    return Identity(
        user_id=user.user_id,
        user_name=user.user_name,
        password=user.password,
        domain_id=user.domain_id,
        domain_name=user.domain_name,
        projects=(*user.projects, second),
        access_key=user.access_key,
        secret_key=user.secret_key,
    )


@pytest.fixture(scope="session")
def bob() -> Identity:
    """A user of another domain, with another project."""
    return Identity(
        user_id="b" * 31 + "1",
        user_name="bob",
        password="bob's pässword",
        domain_id="b" * 31 + "2",
        domain_name="bobs",
        projects=(Project("b" * 31 + "3", "local"),),
        access_key="BOB-ACCESS-KEY",
        secret_key="bob-secret-key",
    )


@pytest.fixture(scope="session")
def signer() -> TokenSigner:
    return TokenSigner(ec.generate_private_key(ec.SECP256R1()), "here")


@pytest.fixture(scope="session")
def directory(alice: Identity, bob: Identity, signer: TokenSigner) -> Directory:
    return Directory(
        identities=(alice, bob), signer=signer, endpoint=lambda: ENDPOINT, now_s=lambda: NOW_S
    )
