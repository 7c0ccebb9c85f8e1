"""Two versions of a service share its traffic by their weights."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection

import pytest

from tests.e2e.digits import direct_labels, held_out_digits
from tests.e2e.server import DrydockServer, realtime_request

pytestmark = pytest.mark.envoy

REQUESTS = 2000
THREADS = 4
BOUNDARY = "drydock-digit"


def binomial_interval(count: int, share: float, level: float) -> tuple[int, int]:
    """Smallest and largest number of successes between the two tails of (1 - level) / 2 each."""

    def probability(successes: int) -> float:
        ways = math.lgamma(count + 1) - math.lgamma(successes + 1)
        ways -= math.lgamma(count - successes + 1)
        return math.exp(
            ways + successes * math.log(share) + (count - successes) * math.log(1 - share)
        )

    tail = (1 - level) / 2
    low, below = 0, probability(0)
    while below < tail:
        low += 1
        below += probability(low)
    high, above = count, probability(count)
    while above < tail:
        high -= 1
        above += probability(high)
    return low, high


def count_versions(server: DrydockServer, service_id: str, png: bytes) -> Counter[tuple[str, str]]:
    """(version, label) of `REQUESTS` predictions, over a few connections that are kept open."""
    body = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=images; filename=digit.png\r\n"
        f"Content-Type: image/png\r\n\r\n"
    ).encode() + png
    body += f"\r\n--{BOUNDARY}--\r\n".encode()
    headers = {
        "X-Auth-Token": server.token,
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    seen: list[tuple[str, str]] = []

    def send() -> None:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
        for _ in range(REQUESTS // THREADS):
            connection.request("POST", f"/v1/infers/{service_id}", body, headers)
            answer = connection.getresponse()
            content = answer.read().decode()
            assert answer.status == 200, content
            label = content.partition('"predicted_label":')[2].partition(",")[0].strip(' "')
            seen.append((answer.headers["x-drydock-version"], label))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return Counter(seen)


def test_weights_70_and_30_split_2000_requests_within_the_binomial_interval(
    any_server: DrydockServer,
    model_of: Callable[[DrydockServer, str], str],
    record_property: Callable[[str, object], None],
) -> None:
    digits = held_out_digits()
    one, two = direct_labels("mnist", digits), direct_labels("mnist-v2", digits)
    differing = next(index for index in range(len(digits)) if one[index] != two[index])
    body = realtime_request(
        "mnist", (model_of(any_server, "mnist"), "70"), (model_of(any_server, "mnist-v2"), "30")
    )

    with any_server.deployed(body) as service_id:
        counts = count_versions(any_server, service_id, digits[differing].png)
        detail = any_server.api("GET", f"/services/{service_id}")

    # each answer is that of the model whose version the header names
    assert set(counts) == {("v1", one[differing]), ("v2", two[differing])}
    assert counts.total() == REQUESTS
    low, high = binomial_interval(REQUESTS, 0.7, 0.999)
    first = counts["v1", one[differing]]
    record_property(
        "measured", f"{any_server.backend}: {first} of 2000 to the 70 % version ({low} to {high})"
    )
    assert low <= first <= high
    assert [config["weight"] for config in detail["config"]] == [70, 30]


def test_version_with_weight_0_gets_no_request(
    server: DrydockServer, model_of: Callable[[DrydockServer, str], str]
) -> None:
    digit = held_out_digits()[0]
    body = realtime_request(
        "mnist", (model_of(server, "mnist"), 0), (model_of(server, "mnist-v2"), 100)
    )
    with server.deployed(body) as service_id:
        answers = [server.predict_digit(service_id, digit.png) for _ in range(50)]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["x-drydock-version"] for answer in answers} == {"v2"}


def test_binomial_interval_holds_the_level_it_is_asked_for() -> None:
    assert binomial_interval(10, 0.5, 0.95) == (2, 8)
    low, high = binomial_interval(REQUESTS, 0.7, 0.999)
    spread = 3.29 * math.sqrt(REQUESTS * 0.7 * 0.3)  # the normal approximation
    assert abs(low - (1400 - spread)) < 3
    assert abs(high - (1400 + spread)) < 3
