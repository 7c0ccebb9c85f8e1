"""Requests on apps and their APIs: what may be sent."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.modelarts.app_schemas import CreateApi, CreateApp, GrantedApps, OnlyApps
from simulator.modelarts.shape import read_shape
from tests.support.requests import violations


@pytest.mark.parametrize("name", ["a", "app_c8ae", "shop-2", "größe", "应用", "n" * 64])
def test_a_name_may_be(name: str) -> None:
    assert read_shape(CreateApp, {"app_name": name}, "").app_name == name


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a\n", "n" * 65, 1, None])
def test_a_name_must_not_be(name: Any) -> None:
    found = violations(lambda: read_shape(CreateApp, {"app_name": name}, ""))
    assert [path for _, path in found] == ["/app_name"]


@pytest.mark.parametrize(
    ("shape", "body", "path"),
    [
        (CreateApp, {}, "/app_name"),
        (CreateApp, {"app_name": "a", "app_remark": "r" * 201}, "/app_remark"),
        (CreateApi, {"auth_type": "app"}, "/auth_type"),
        (CreateApi, {"api_remark": "r" * 256}, "/api_remark"),
        (CreateApi, {"api_method": "TRACE"}, "/api_method"),
        (CreateApi, {"support_app_code": "perhaps"}, "/support_app_code"),
        (GrantedApps, {}, "/apps"),
        (GrantedApps, {"apps": []}, "/apps"),
        (GrantedApps, {"apps": [{}]}, "/apps/0/app_id"),
        (GrantedApps, {"apps": [{"app_id": ""}]}, "/apps/0/app_id"),
        (GrantedApps, {"apps": ["a"]}, "/apps/0"),
        (OnlyApps, {}, "/apps"),
    ],
)
def test_what_is_wrong_is_named(shape: Any, body: Any, path: str) -> None:
    assert [at for _, at in violations(lambda: read_shape(shape, body, ""))] == [path]


def test_what_may_be_absent() -> None:
    remark = "r" * 200
    assert read_shape(CreateApp, {"app_name": "a", "app_remark": remark}, "").app_remark
    assert read_shape(CreateApi, {}, "").api.takes_codes
    assert read_shape(OnlyApps, {"apps": []}, "").ids == []
