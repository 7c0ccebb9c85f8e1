from __future__ import annotations

import json
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from simulator.iam.errors import TokenError, TokenExpired, TokenInvalid, TokenMissing
from simulator.iam.identity import Identity
from simulator.iam.tokens import DEFAULT_LIFETIME_S, TokenSigner


def test_a_token_says_who_and_where(signer: TokenSigner, alice: Identity, now_s: float) -> None:
    project = alice.projects[1]
    token = signer.issue(alice, project, now_s)
    assert signer.verify(token.text, now_s) == token.claims
    assert (token.claims.user_id, token.claims.domain_id) == (alice.user_id, alice.domain_id)
    assert (token.claims.project_id, token.claims.project_name) == (project.id, project.name)


def test_a_domain_token_names_no_project(
    signer: TokenSigner, alice: Identity, now_s: float
) -> None:
    token = signer.issue(alice, None, now_s)
    assert signer.verify(token.text, now_s).project_id is None
    assert "project_id" not in jwt.decode(token.text, options={"verify_signature": False})


def test_a_token_lives_24_hours_and_not_a_second_longer(
    signer: TokenSigner, alice: Identity, now_s: float
) -> None:
    token = signer.issue(alice, alice.projects[0], now_s)
    assert token.claims.expires_at_s - token.claims.issued_at_s == DEFAULT_LIFETIME_S == 86_400
    signer.verify(token.text, token.claims.expires_at_s - 1)
    with pytest.raises(TokenExpired):
        signer.verify(token.text, token.claims.expires_at_s)


def test_two_tokens_of_the_same_second_differ(
    signer: TokenSigner, alice: Identity, now_s: float
) -> None:
    first, second = (signer.issue(alice, None, now_s) for _ in range(2))
    assert first.claims.token_id != second.claims.token_id


def test_no_token_is_missing_rather_than_invalid(signer: TokenSigner, now_s: float) -> None:
    with pytest.raises(TokenMissing):
        signer.verify("", now_s)


def test_tokens_outlive_a_restart(tmp_path: Path, alice: Identity, now_s: float) -> None:
    path = tmp_path / "key.pem"
    token = TokenSigner.from_file(path, "here").issue(alice, None, now_s)
    restarted = TokenSigner.from_file(path, "here")
    assert restarted.verify(token.text, now_s) == token.claims


def test_a_token_of_another_key_or_installation_is_refused(alice: Identity, now_s: float) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    here = TokenSigner(key, "here")
    for other in (
        TokenSigner(ec.generate_private_key(ec.SECP256R1()), "here"),
        TokenSigner(key, "elsewhere"),
    ):
        with pytest.raises(TokenInvalid):
            here.verify(other.issue(alice, None, now_s).text, now_s)


def test_an_unsigned_or_symmetric_token_is_refused(
    signer: TokenSigner, alice: Identity, now_s: float
) -> None:
    """The classic forgeries: algorithm none, and HMAC with what is public as its secret."""
    payload = jwt.decode(signer.issue(alice, None, now_s).text, options={"verify_signature": False})
    public = json.loads(signer.jwks())["keys"][0]
    for forged in (
        jwt.encode(payload, None, algorithm="none"),  # type: ignore[arg-type]
        jwt.encode(payload, public["x"], algorithm="HS256"),
    ):
        with pytest.raises(TokenInvalid):
            signer.verify(forged, now_s)


def test_a_token_signed_here_but_without_our_claims_is_refused(now_s: float) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    signer = TokenSigner(key, "here")
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    bare = jwt.encode({"iss": signer.issuer, "exp": int(now_s) + 60}, pem, algorithm="ES256")
    with pytest.raises(TokenInvalid, match="lacks claims"):
        signer.verify(bare, now_s)


@given(data=st.data())
def test_no_changed_token_passes(
    signer: TokenSigner, alice: Identity, now_s: float, data: st.DataObject
) -> None:
    text = signer.issue(alice, alice.projects[0], now_s).text
    # The last character of the signature carries bits that base64 ignores.
    place = data.draw(st.integers(0, len(text) - 2))
    letter = data.draw(st.characters(codec="ascii").filter(lambda one: one != text[place]))
    with pytest.raises(TokenInvalid):
        signer.verify(text[:place] + letter + text[place + 1 :], now_s)


@given(text=st.text() | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*"))
def test_any_text_is_refused_by_a_typed_error(signer: TokenSigner, now_s: float, text: str) -> None:
    with pytest.raises(TokenError):
        signer.verify(text, now_s)


def test_the_key_set_lets_a_stranger_check_tokens(
    signer: TokenSigner, alice: Identity, now_s: float
) -> None:
    keys = jwt.PyJWKSet.from_json(signer.jwks())
    text = signer.issue(alice, alice.projects[0], now_s).text
    key = keys[jwt.get_unverified_header(text)["kid"]]
    payload = jwt.decode(text, key, issuer=signer.issuer, options={"verify_exp": False})
    assert payload["project_id"] == alice.projects[0].id
    assert payload["sub"] == alice.user_id


def test_the_key_set_holds_no_private_part(signer: TokenSigner) -> None:
    (key,) = json.loads(signer.jwks())["keys"]
    assert set(key) == {"alg", "crv", "kid", "kty", "use", "x", "y"}
    assert (key["alg"], key["use"], key["crv"]) == ("ES256", "sig", "P-256")
