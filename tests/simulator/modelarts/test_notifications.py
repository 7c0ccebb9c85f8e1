"""Who is told of a service's statuses: over HTTP, against a private server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from simulator.bench.drydock import Drydock, running
from tests.support.requests import documented

ONE = documented("realtime")
TOPIC = "urn:smn:drydock-1:0a1b2c:alarms"
FLAT = {"topic_urn": TOPIC, "events": [1, 3, 7]}
MAPPED = {"anything": FLAT, "other": {"topic_urn": f"{TOPIC}-2", "events": [1]}}


def deploy(drydock: Drydock, client: httpx.Client, notification: Any) -> str:
    config = [{**ONE["config"][0], "model_id": drydock.add_model("mnist")}]
    properties = {"smn_notification": notification}
    body = {**ONE, "config": config, "additional_properties": properties}
    answer = client.post("services", json=body)
    assert answer.status_code == 200, answer.text
    drydock.settle()
    return f"services/{answer.json()['service_id']}"


def told(drydock: Drydock) -> list[tuple[str, str]]:
    """Topic and status of each notification, the oldest first."""
    listed = drydock._admin("GET", "/notifications")["notifications"]
    return [(one["topic"], one["status"]) for one in reversed(listed)]


@pytest.mark.parametrize("body", [FLAT, {"any": FLAT}])
def test_in_both_forms_the_statuses_that_were_asked_for_are_told(
    drydock: Drydock, drydock_client: httpx.Client, body: Any
) -> None:
    service = deploy(drydock, drydock_client, body)
    (instance,) = drydock.instances(service.split("/")[1])
    drydock.script(lambda backend: backend.set_health(instance, False))
    drydock.advance(60)
    drydock.script(lambda backend: backend.set_health(instance, True))
    drydock.advance(10)
    drydock_client.put(service, json={"status": "stopped"})
    drydock.settle()
    assert told(drydock) == [(TOPIC, "running"), (TOPIC, "concerning"), (TOPIC, "running")]


def test_several_are_told_each_what_it_asked_for(
    drydock: Drydock, drydock_client: httpx.Client
) -> None:
    drydock.script(lambda backend: backend.start_unwell())
    deploy(drydock, drydock_client, MAPPED)
    drydock.advance(1200)
    assert sorted(told(drydock)) == [(TOPIC, "failed"), (f"{TOPIC}-2", "failed")]


def test_an_update_changes_who_is_told(drydock: Drydock, drydock_client: httpx.Client) -> None:
    service = deploy(drydock, drydock_client, FLAT)
    other = {"smn_notification": {"topic_urn": f"{TOPIC}-2", "events": [3]}}
    drydock_client.put(service, json={"additional_properties": other})
    drydock_client.put(service, json={"status": "stopped"})
    drydock.settle()
    drydock_client.put(service, json={"status": "running"})
    drydock.settle()
    assert told(drydock) == [(TOPIC, "running"), (f"{TOPIC}-2", "running")]


class Webhook:
    """Takes what is posted; refuses the first `refused` times."""

    def __init__(self, refused: int = 0) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.asked = 0
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"]))
                webhook.asked += 1
                if webhook.asked > refused:
                    webhook.bodies.append(json.loads(content))
                self.send_response(204 if webhook.asked > refused else 503)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.bodies) < count:
            assert time.monotonic() < deadline, self.bodies
            time.sleep(0.02)


@pytest.fixture
def flaky() -> Iterator[Webhook]:
    webhook = Webhook(refused=1)
    yield webhook
    webhook.close()


def test_a_webhook_gets_each_once_and_in_order_also_when_it_fails_at_first(flaky: Webhook) -> None:
    with running(notification_webhook=flaky.url) as drydock, drydock.client() as client:
        client.base_url = httpx.URL(f"{drydock.endpoint}/v1/{drydock.project_id}/")
        service = deploy(drydock, client, FLAT)
        client.put(service, json={"status": "stopped"})
        drydock.settle()
        client.put(service, json={"status": "running"})
        drydock.settle()
        flaky.wait_for(2)
        assert [body["status"] for body in flaky.bodies] == ["running", "running"]
        first, second = flaky.bodies
        assert first["notification_id"] < second["notification_id"]
        assert (first["topic"], first["service_name"]) == (TOPIC, ONE["service_name"])
        listed = drydock._admin("GET", "/notifications")["notifications"]
        assert [one["tries"] for one in listed] == [0, 1]


@pytest.mark.parametrize(
    "address", ["https://127.0.0.1/", "http://example.com/", "http://[::", "ftp://localhost/"]
)
def test_a_webhook_is_an_address_of_this_machine(address: str) -> None:
    from simulator.config import load_settings
    from simulator.errors import ConfigError

    with pytest.raises(ConfigError, match="notification_webhook"):
        load_settings(notification_webhook=address)
