from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.iam.identity import Identity, Project, check_distinct, default_identity, is_id


def test_default_identity_is_the_documented_development_user() -> None:
    user = default_identity()
    assert (user.user_name, user.password, user.domain_name) == ("drydock", "drydock", "drydock")
    assert [project.name for project in user.projects] == ["local"]
    assert all(is_id(text) for text in (user.user_id, user.domain_id, user.projects[0].id))


def test_default_identity_is_the_same_at_every_start() -> None:
    assert default_identity() == default_identity()


def test_secrets_stay_out_of_the_representation(bob: Identity) -> None:
    assert bob.password not in repr(bob)
    assert bob.secret_key not in repr(bob)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("user_id", "ABC", "user id"),
        ("domain_id", "D0C00000000000000000000000000002", "domain id"),
        ("user_name", "", "user name"),
        ("password", "", "password"),
        ("secret_key", "", "secret key"),
        ("access_key", "a,b", "access key"),
        ("access_key", "a/b", "access key"),
    ],
)
def test_an_unusable_field_is_refused_by_name(field: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(default_identity(), **{field: value})  # type: ignore[arg-type]


def test_two_projects_of_one_name_are_refused() -> None:
    twice = (Project("a" * 32, "local"), Project("b" * 32, "local"))
    with pytest.raises(ValueError, match="project name 'local' is used twice"):
        replace(default_identity(), projects=twice)


def test_distinct_identities_pass(alice: Identity, bob: Identity) -> None:
    check_distinct((alice, bob))


def test_identities_that_a_request_cannot_tell_apart_are_refused(
    alice: Identity, bob: Identity
) -> None:
    for clash, said in (
        (replace(bob, user_id=alice.user_id), "user id"),
        (replace(bob, access_key=alice.access_key), "access key"),
        (replace(bob, domain_id=alice.domain_id), "domain id"),
        (replace(bob, domain_name=alice.domain_name), "domain name"),
        (
            replace(
                bob,
                user_name=alice.user_name,
                domain_id=alice.domain_id,
                domain_name=alice.domain_name,
            ),
            "user name",
        ),
    ):
        with pytest.raises(ValueError, match=said):
            check_distinct((alice, clash))
