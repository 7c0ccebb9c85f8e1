"""Updates of a service that is called all the time: no request is lost."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from tests.e2e.digits import held_out_digits
from tests.e2e.server import DrydockServer, realtime_request, wait_until

pytestmark = pytest.mark.envoy

UPDATES = int(os.environ.get("DRYDOCK_PROVE_UPDATES", "2"))
CLIENTS = 4
BOUNDARY = "drydock-digit"
UPDATE_S = 60.0


class Callers:
    """Clients that call a service until they are told to stop.

    Attributes:
        answers: (status, version) of each answer.
        broken: what clients met instead of an answer.
    """

    def __init__(self, server: DrydockServer, service_id: str) -> None:
        self.answers: list[tuple[int, str]] = []
        self.broken: list[Exception] = []
        self._server = server
        self._path = f"/v1/infers/{service_id}"
        self._stop = threading.Event()

    @contextmanager
    def calling(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._call) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(30)

    def _call(self) -> None:
        body = (
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=images; filename=digit.png\r\n"
            f"Content-Type: image/png\r\n\r\n"
        ).encode() + held_out_digits()[0].png
        body += f"\r\n--{BOUNDARY}--\r\n".encode()
        headers = {
            "X-Auth-Token": self._server.token,
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        connection = HTTPConnection("127.0.0.1", self._server.port, timeout=30)
        while not self._stop.is_set():
            try:
                connection.request("POST", self._path, body, headers)
                answer = connection.getresponse()
                answer.read()
            except OSError as error:
                self.broken.append(error)
                return
            self.answers.append((answer.status, answer.headers.get("x-drydock-version", "")))
            time.sleep(0.005)  # well below the service's traffic limit
        connection.close()


def test_a_service_is_updated_again_and_again_without_a_lost_request(
    any_server: DrydockServer,
    model_of: Callable[[DrydockServer, str], str],
    record_property: Callable[[str, object], None],
) -> None:
    models = [model_of(any_server, "mnist"), model_of(any_server, "mnist-v2")]
    body = realtime_request("mnist", (models[0], 100))
    body["x-drydock"] = {"traffic_limit": 100_000}
    with any_server.deployed(body) as service_id:
        callers = Callers(any_server, service_id)
        with callers.calling():
            for number in range(1, UPDATES + 1):
                config = [{**body["config"][0], "model_id": models[number % 2]}]
                any_server.api("PUT", f"/services/{service_id}", json={"config": config})
                wait_until(
                    f"update {number} is done",
                    lambda: any_server.api("GET", f"/services/{service_id}")["status"] == "running",
                    UPDATE_S,
                )
        logs = any_server.api("GET", f"/services/{service_id}/logs")["logs"]
    statuses = Counter(status for status, _ in callers.answers)
    record_property(
        "measured", f"{any_server.backend}: {UPDATES} updates under load, answers {dict(statuses)}"
    )
    assert callers.broken == []
    assert set(statuses) == {200}
    assert [one["result"] for one in logs] == ["SUCCESS"] * UPDATES
    versions = {version for _, version in callers.answers}
    assert versions == {f"v{number}" for number in range(1, UPDATES + 2)}


def test_a_gray_launch_moves_the_traffic_without_a_lost_request(
    server: DrydockServer, model_of: Callable[[DrydockServer, str], str]
) -> None:
    old, new = model_of(server, "mnist"), model_of(server, "mnist-v2")
    body = realtime_request("mnist", (old, 100), (new, 0))
    del body["config"][1]
    body["x-drydock"] = {"traffic_limit": 100_000}
    with server.deployed(body) as service_id:
        callers = Callers(server, service_id)
        with callers.calling():
            for shares in ((90, 10), (50, 50), (0, 100)):
                config = realtime_request("mnist", (old, shares[0]), (new, shares[1]))["config"]
                server.api("PUT", f"/services/{service_id}", json={"config": config})
                wait_until(
                    f"shares {shares} are in force",
                    lambda: server.api("GET", f"/services/{service_id}")["status"] == "running",
                    UPDATE_S,
                )
            config = [{**config[1], "weight": 100}]  # the version that is there already
            server.api("PUT", f"/services/{service_id}", json={"config": config})
            wait_until(
                "one version is left",
                lambda: len(server.api("GET", f"/services/{service_id}")["config"]) == 1,
                UPDATE_S,
            )
            seen = len(callers.answers)
            wait_until("it is called", lambda: len(callers.answers) > seen + 20, 10)
    assert callers.broken == []
    assert {status for status, _ in callers.answers} == {200}
    assert {version for _, version in callers.answers[-10:]} == {"v2"}
