"""Who a request is from: tokens, signatures, and the project that either may act in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.algorithm import SigningAlgorithm
from hypothesis import given
from hypothesis import strategies as st

from simulator.iam.access import Caller, How, authenticate
from simulator.iam.directory import Directory
from simulator.iam.errors import WIRE, IamError, Reason
from simulator.iam.identity import Identity, Project

Headers = list[tuple[str, str]]


def ask(directory: Directory, headers: Headers, project_id: str | None = None) -> Caller:
    """`authenticate` for `GET /v1/services` without query and body."""
    return authenticate(
        identities=directory.identities,
        signer=directory.signer,
        headers=headers,
        method="GET",
        path="/v1/services",
        query="",
        body=b"",
        now_s=directory.now_s(),
        project_id=project_id,
    )


def refusal(directory: Directory, headers: Headers, project_id: str | None = None) -> IamError:
    with pytest.raises(IamError) as refused:
        ask(directory, headers, project_id)
    return refused.value


def token_headers(directory: Directory, identity: Identity, project: Project | None) -> Headers:
    text = directory.signer.issue(identity, project, directory.now_s()).text
    return [("X-Auth-Token", text)]


def signed_headers(directory: Directory, identity: Identity, project_id: str = "") -> Headers:
    """What the SDK's own credentials make of `GET /v1/services`, at the directory's time."""
    stamp = datetime.fromtimestamp(directory.now_s(), UTC).strftime("%Y%m%dT%H%M%SZ")
    request = SdkRequest(
        method="GET",
        schema="http",
        host="127.0.0.1",
        resource_path="/v1/services",
        query_params=[],
        header_params={"X-Sdk-Date": stamp},
        body=b"",
        signing_algorithm=SigningAlgorithm.get_default(),
    )
    keys = BasicCredentials(identity.access_key, identity.secret_key)
    if project_id:
        keys.with_project_id(project_id)
    return list(keys.sign_request(request).header_params.items())


def test_a_token_makes_its_user_the_caller(directory: Directory, alice: Identity) -> None:
    project = alice.projects[0]
    caller = ask(directory, token_headers(directory, alice, project), project.id)
    assert caller == Caller(
        user_id=alice.user_id,
        user_name=alice.user_name,
        domain_id=alice.domain_id,
        project_id=project.id,
        projects=alice.projects,
        how=How.TOKEN,
    )


def test_a_signature_makes_the_keys_owner_the_caller(directory: Directory, alice: Identity) -> None:
    project = alice.projects[1]
    caller = ask(directory, signed_headers(directory, alice), project.id)
    assert (caller.user_id, caller.project_id, caller.how) == (
        alice.user_id,
        project.id,
        How.SIGNATURE,
    )


def test_the_project_of_a_signature_may_come_from_its_header(
    directory: Directory, alice: Identity
) -> None:
    headers = signed_headers(directory, alice, alice.projects[1].id)
    assert ask(directory, headers).project_id == alice.projects[1].id


def test_a_route_without_project_takes_a_domain_token_and_a_bare_signature(
    directory: Directory, bob: Identity
) -> None:
    assert ask(directory, token_headers(directory, bob, None)).project_id is None
    assert ask(directory, signed_headers(directory, bob)).project_id is None


def test_a_token_goes_before_a_signature(
    directory: Directory, alice: Identity, bob: Identity
) -> None:
    both = token_headers(directory, alice, None) + signed_headers(directory, bob)
    assert ask(directory, both).user_id == alice.user_id


def test_an_empty_token_does_not_hide_a_signature(directory: Directory, bob: Identity) -> None:
    headers = [("X-Auth-Token", ""), *signed_headers(directory, bob)]
    assert ask(directory, headers).how is How.SIGNATURE


def test_each_documented_refusal_has_its_status_and_code(
    directory: Directory, alice: Identity, bob: Identity
) -> None:
    mine, theirs = alice.projects[0].id, bob.projects[0].id
    good = token_headers(directory, alice, alice.projects[0])
    late = replace(directory, now_s=lambda: directory.now_s() + 86_400)
    altered = [("X-Auth-Token", good[0][1][:-5] + "AAAAA")]
    unscoped = token_headers(directory, alice, None)
    unknown_key = signed_headers(directory, replace(bob, access_key="NOBODY"))
    wrong_key = signed_headers(directory, replace(bob, secret_key="wrong"))
    no_date = [pair for pair in signed_headers(directory, bob) if pair[0] != "X-Sdk-Date"]
    for refused, status, code in (
        (refusal(directory, [], mine), 401, "ModelArts.0201"),
        (refusal(directory, [("X-Auth-Token", "")], mine), 401, "ModelArts.0201"),
        (refusal(late, good, mine), 401, "ModelArts.0202"),
        (refusal(directory, altered, mine), 401, "ModelArts.0203"),
        (refusal(directory, good + good, mine), 401, "ModelArts.0203"),
        (refusal(directory, good, theirs), 403, "ModelArts.0210"),
        (refusal(directory, good, "not-an-id"), 400, "ModelArts.0210"),
        (refusal(directory, unscoped, mine), 401, "ModelArts.0212"),
        (refusal(directory, no_date, theirs), 401, "ModelArts.0205"),
        (refusal(directory, [("X-Sdk-Date", "x")], mine), 401, "ModelArts.0205"),
        (refusal(directory, [("Authorization", "Basic x")], mine), 401, "ModelArts.0206"),
        (refusal(directory, wrong_key, theirs), 401, "ModelArts.0208"),
        (refusal(directory, unknown_key, theirs), 403, "ModelArts.0206"),
        (refusal(directory, signed_headers(directory, bob), mine), 403, "ModelArts.0210"),
        (refusal(directory, signed_headers(directory, bob), "x"), 400, "ModelArts.0210"),
        (refusal(directory, signed_headers(directory, bob, mine)), 403, "ModelArts.0210"),
        (refusal(directory, signed_headers(directory, bob, mine), theirs), 403, "ModelArts.0210"),
    ):
        assert (refused.status, refused.error_code) == (status, code), refused


def test_a_token_of_a_removed_user_or_project_is_refused(
    directory: Directory, alice: Identity, bob: Identity
) -> None:
    headers = token_headers(directory, alice, alice.projects[1])
    without_alice = replace(directory, identities=(bob,))
    fewer_projects = replace(alice, projects=alice.projects[:1])
    without_project = replace(directory, identities=(fewer_projects,))
    for changed in (without_alice, without_project):
        assert refusal(changed, headers).reason is Reason.TOKEN_INVALID


def test_every_reason_has_a_wire_form_and_an_error_class() -> None:
    leaves = {
        leaf.reason
        for kind in IamError.__subclasses__()
        for leaf in (kind.__subclasses__() or [kind])
    }
    assert leaves == set(Reason) == set(WIRE)


@given(
    headers=st.lists(
        st.tuples(
            st.sampled_from(["X-Auth-Token", "Authorization", "X-Sdk-Date", "X-Project-Id"]),
            st.text(max_size=20),
        )
    ),
    project_id=st.none() | st.text(max_size=33),
)
def test_any_headers_are_refused_by_a_typed_error(
    directory: Directory, headers: Headers, project_id: str | None
) -> None:
    refused = refusal(directory, headers, project_id)
    assert refused.status in {400, 401, 403}
    assert refused.error_code.startswith("ModelArts.")
