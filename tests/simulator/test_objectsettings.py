"""The setting that puts buckets elsewhere, and the hosts that it may name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.config import load_settings
from simulator.errors import ConfigError
from simulator.objectsettings import BucketSettings, hosts_of


def settings(tmp_path: Path, buckets: dict[str, Any], hosts: list[str] | None = None) -> Any:
    return load_settings(home=tmp_path, buckets=buckets, object_hosts=hosts)


class TestFolders:
    def test_a_path_or_a_file_url_is_a_folder_and_needs_no_host(self, tmp_path: Path) -> None:
        buckets = settings(tmp_path, {"one": "/data", "two": "file:///data/two"}).buckets
        assert buckets["one"].folder == Path("/data")
        assert buckets["two"].folder == Path("/data/two")

    def test_the_home_directory_has_its_short_name(self, tmp_path: Path) -> None:
        assert BucketSettings(url="~/data").folder == Path.home() / "data"

    def test_a_relative_path_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="neither a URL nor the absolute path"):
            settings(tmp_path, {"data": "data/here"})

    def test_it_can_stand_in_the_file_and_in_the_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "drydock.toml").write_text('[buckets]\ndata = "/data"\n')
        assert load_settings(home=tmp_path).buckets["data"].url == "/data"
        monkeypatch.setenv("DRYDOCK_BUCKETS", '{"data": {"url": "/other"}}')
        assert load_settings(home=tmp_path).buckets["data"].url == "/other"


@pytest.mark.parametrize("name", ["UPPER", "ab", "a..b", "../x", "1.2.3.4"])
def test_a_name_that_is_no_buckets_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="is no bucket name"):
        settings(tmp_path, {name: "/data"})


CLOUD = {"url": "s3://real/prefix", "endpoint": "https://obs.eu-de.example.com"}


class TestHosts:
    def test_nothing_lies_on_a_host_that_is_not_listed(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"would talk to obs\.eu-de\.example\.com"):
            settings(tmp_path, {"data": CLOUD})

    def test_a_listed_host_allows_itself_and_its_subdomains(self, tmp_path: Path) -> None:
        settings(tmp_path, {"data": CLOUD}, ["obs.eu-de.example.com"])
        settings(tmp_path, {"data": CLOUD}, ["Example.com"])

    @pytest.mark.parametrize("host", ["e.com", "eu-de.example.com.evil.org", "", "*"])
    def test_another_one_does_not(self, tmp_path: Path, host: str) -> None:
        with pytest.raises(ConfigError):
            settings(tmp_path, {"data": CLOUD}, [host])

    @pytest.mark.parametrize(
        ("mapping", "hosts"),
        [
            ({"url": "s3://b"}, ["s3://"]),
            ({"url": "gs://b/x"}, ["gs://"]),
            ({"url": "sftp://user@files.example.com:22/x"}, ["files.example.com"]),
            ({"url": "https://www.example.com/x/"}, ["www.example.com"]),
            ({"url": "memory://x"}, []),
            ({"url": "simplecache::s3://b", "endpoint": "http://a.example"}, ["a.example"]),
            ({"url": "zip://x::file:///a.zip"}, []),
            ({"url": "file:///a::s3://b"}, ["s3://"]),
            ({"url": "memory://x", "options": {"host": "h.example"}}, ["h.example"]),
            ({"url": "memory://x", "options": {"a": [{"proxy": "http://p:1"}]}}, ["p", "p"]),
            (
                {"url": "memory://x", "options": {"client": {"u": "http://q.example/"}}},
                ["q.example"],
            ),
        ],
    )
    def test_every_host_that_a_mapping_would_talk_to_is_found(
        self, mapping: dict[str, Any], hosts: list[str]
    ) -> None:
        assert list(hosts_of(BucketSettings(**mapping))) == hosts

    def test_a_refusal_tells_no_secret(self, tmp_path: Path) -> None:
        secret = CLOUD | {"access_key": "AK", "secret_key": "very-secret"}
        with pytest.raises(ConfigError) as refused:
            settings(tmp_path, {"data": secret})
        assert "very-secret" not in f"{refused.value} {refused.value.hint}"
