"""stress: from the command line to requests, and from figures to words, files and exit statuses."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from simulator.bench.drydock import Drydock
from simulator.cli.client import Server
from simulator.cli.demo.bundled import bundled
from simulator.cli.stress_report import latency_words
from simulator.cli.stress_view import picture, sparkline
from simulator.config import Paths
from simulator.stress.load import Load
from simulator.stress.report import Report, from_json
from tests.simulator.cli.conftest import (
    MODEL_ID,
    PROJECT,
    SERVICE_ID,
    FakeServer,
    Run,
    a_detail,
    a_service,
    a_state,
)
from tests.simulator.stress.builders import Told, a_tick
from tests.support.answering_site import Site, answer, running_site

SHORT = ("--duration", "0.3", "--rate", "100")
ENDS_WITHIN_S = 60.0


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as made:
        yield made


def versions(*counts: int) -> list[dict[str, Any]]:
    """Versions v1, v2, ... of equal weight, with what the gateway has counted of them."""
    (one,) = a_service()["versions"]
    weight = 100 // len(counts)
    return [
        one | {"version_id": f"v{number}", "weight": weight, "requests_total": count}
        for number, count in enumerate(counts, 1)
    ]


@pytest.fixture
def digits(fake: FakeServer, site: Site) -> Site:
    """A service `digits` of the fake server, whose gateway and instances are the site."""
    service = a_service(access_address=site.url)
    fake.answers("GET", "/_drydock/state", a_state([service]))
    detail = a_detail(access_address=site.url)
    fake.answers("GET", f"/_drydock/services/{SERVICE_ID}", detail)
    return site


def report_of(stdout: str) -> Report:
    return from_json(stdout)


# -- what is sent -----------------------------------------------------------------------------


def test_a_service_is_called_with_its_token_and_the_example_of_its_api(
    run_on_fake: Run, digits: Site
) -> None:
    result = run_on_fake("stress", "digits", *SHORT)
    assert result.exit_code == 0, result.output
    assert len(digits.seen) == 30
    assert b"X-Auth-Token: the-token\r\n" in digits.heads[0]
    assert digits.heads[0].startswith(b"POST /predict HTTP/1.1\r\n")
    assert b'name="images"; filename="example.png"' in digits.seen[0]
    assert b"\x89PNG" in digits.seen[0]
    assert "the API's example" in result.stdout


def test_json_apis_have_a_json_example(run_on_fake: Run, fake: FakeServer, digits: Site) -> None:
    schema = {"type": "object", "properties": {"x": {"type": "number"}}}
    apis = [{"url": "/rows", "method": "post", "request": {"data": schema}}]
    model = {"apis": json.dumps(apis), "config": "{}"}
    fake.answers("GET", f"/v1/{PROJECT}/models/{MODEL_ID}", model)
    assert run_on_fake("stress", "digits", *SHORT, "--example").exit_code == 0
    assert digits.heads[0].startswith(b"POST /predict/rows HTTP/1.1\r\n")
    assert json.loads(digits.seen[0]) == {"x": 1.0}


def test_pictures_of_a_folder_are_sent_in_turn(
    run_on_fake: Run, digits: Site, tmp_path: Path
) -> None:
    for name in ("b.png", "a.png", "notes.txt"):
        (tmp_path / name).write_bytes(f"content of {name}".encode())
    result = run_on_fake("stress", "digits", *SHORT, "--connections", "1", "--image", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert [b"a.png" in body for body in digits.seen] == [True, False] * 15
    assert not any(b"notes" in body for body in digits.seen)
    assert "2 files of" in result.stdout


def test_a_file_is_the_body(run_on_fake: Run, digits: Site, tmp_path: Path) -> None:
    file = tmp_path / "row.json"
    file.write_bytes(b'{"x": 1}')
    assert run_on_fake("stress", "digits", *SHORT, "--body", str(file)).exit_code == 0
    assert set(digits.seen) == {b'{"x": 1}'}
    assert b"content-type: application/json\r\n" in digits.heads[0]


def test_an_address_is_called_as_it_is_and_without_a_token(run: Run, site: Site) -> None:
    result = run("stress", site.url, *SHORT)
    assert result.exit_code == 0, result.output
    assert site.heads[0].startswith(b"GET /predict HTTP/1.1\r\n")
    assert b"Token" not in site.heads[0]


def test_a_closed_loop(run: Run, site: Site) -> None:
    site.pause_s = 0.02
    result = run("stress", site.url, "--concurrency", "3", "--duration", "0.3")
    assert result.exit_code == 0, result.output
    assert site.most_at_once == 3
    assert "closed loop, 3 at a time" in result.stdout
    assert "a stall counts once" in result.stdout.replace("\n", " ")


# -- what is told -----------------------------------------------------------------------------


def test_the_report_goes_to_stdout_as_json_and_nothing_else(run_on_fake: Run, digits: Site) -> None:
    for arguments in (("stress", "digits", "--json", "-"), ("--json", "stress", "digits")):
        result = run_on_fake(*arguments, *SHORT)
        assert result.exit_code == 0, result.output
        report = report_of(result.stdout)
        assert (report.service, report.figures.counts.ok) == ("digits", 30)
        assert report.sent.method == "POST"
        assert "the-token" not in result.stdout


def test_the_table_shows_latencies_errors_by_code_and_versions(
    run_on_fake: Run, digits: Site
) -> None:
    refusal = answer(429, b'{"error_code": "ModelArts.4206", "error_msg": "Too many requests"}')
    good = answer(headers={"x-drydock-version": "v1"})
    digits.reply = lambda head, body: good if len(digits.seen) % 3 else refusal
    result = run_on_fake("stress", "digits", *SHORT)
    words = " ".join(result.stdout.split())
    assert "from when it was due" in words
    assert "429 ModelArts.4206 10 33.33% Too many requests" in words
    assert "429 is the service's traffic limit" in words
    assert "v1 20 100.0% 100% 0" in words
    assert result.exit_code == 0


def test_versions_that_no_answer_names_are_counted_by_the_gateway(
    run_on_fake: Run, fake: FakeServer, digits: Site
) -> None:
    details = [a_detail(versions=versions(*counts)) for counts in ((5, 5), (26, 14))]
    fake.answers("GET", f"/_drydock/services/{SERVICE_ID}", *details)
    result = run_on_fake("stress", "digits", *SHORT, "--json", "-")
    report = report_of(result.stdout)
    assert report.versions_from == "gateway"
    assert [(one.name, one.requests, one.wanted_share) for one in report.versions] == [
        ("v1", 21, 0.5),
        ("v2", 9, 0.5),
    ]


def test_text_of_the_service_cannot_write_on_the_terminal(run: Run, site: Site) -> None:
    site.reply = lambda head, body: answer(500, b'{"error_msg": "\\u001b[2Jgone"}')
    result = run("stress", site.url, *SHORT)
    assert "gone" in result.stdout
    assert "\x1b" not in result.stdout


def test_files_are_written_and_the_next_test_is_compared(
    run: Run, site: Site, tmp_path: Path
) -> None:
    first, plot = tmp_path / "first.json", tmp_path / "plot.svg"
    assert run("stress", site.url, *SHORT, "--json", str(first)).exit_code == 0
    body = tmp_path / "body.txt"
    body.write_text("x")
    more = ("--compare", str(first), "--plot", str(plot), "--body", str(body))
    result = run("stress", site.url, "--duration", "0.3", "--rate", "50", *more)
    assert result.exit_code == 0, result.output
    words = " ".join(result.stdout.split())
    assert "COMPARED BEFORE NOW RATIO" in words
    assert "load: 100 requests/s (open loop) before, 50 requests/s (open loop) now" in words
    assert "other requests: GET with no body, 0 bytes before, POST with body.txt" in words
    assert ElementTree.parse(plot).getroot().tag.endswith("svg")
    assert report_of(first.read_text()).figures.counts.ok == 30


def test_the_live_view_shows_rates_latencies_versions_and_errors() -> None:
    told = Told(Load(rate_per_s=100, duration_s=10))
    good = [told.request(at / 100, took_s=0.02, version="v1") for at in range(90)]
    told.records(*good, *[told.request(0.9, ending="refused", label="429 X\x1b[2J")] * 10)
    told.tick(a_tick(1.0, sent=100, cpu_s=0.25, in_flight=3, waiting=2))
    console = Console(width=100, file=io.StringIO())
    shown = picture("digits", told.load, {"v1": 0.7}, told.recording.snapshot(), bars=True)
    with console.capture() as captured:
        console.print(shown)
    text = captured.get()
    words = " ".join(text.split())
    for expected in (
        "1 of 10 s",
        "answers 90/s, 90 so far",
        "errors 10/s, 10 so far (10.0%)",
        "p50 20 ms p90 20 ms p99 20 ms",
        "version v1 100.0% (wanted 70%)",
        "429 X",
        "25% of a core, 3 under way, 2 without a connection",
        "█",
    ):
        assert expected in words
    assert "\x1b" not in text


def test_latencies_are_in_seconds_from_one_second_on() -> None:
    values = (None, 0.0421, 12.34, 999.4, 999.6, 1370.0, 61_234.0)
    assert [latency_words(value) for value in values] == [
        "-",
        "0.0421 ms",
        "12.3 ms",
        "999 ms",
        "1 s",
        "1.37 s",
        "61.2 s",
    ]


def test_sparks_show_the_last_values_and_their_gaps() -> None:
    assert sparkline([1.0, None, 2.0, 4.0]) == "▃ ▅█"
    assert len(sparkline([1.0] * 1000)) == 50
    assert sparkline([]) == sparkline([None, 0.0]) == ""


# -- how it ends ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        (["max>1h"], 2),
        (["max>3000s"], 0),
        (["errors>0", "rate<1/s"], 0),
        (["max>3000s", "rate>1/s"], 1),
    ],
)
def test_conditions_decide_the_exit_status(
    run: Run, site: Site, conditions: list[str], status: int
) -> None:
    options = [part for one in conditions for part in ("--fail-if", one)]
    result = run("stress", site.url, *SHORT, *options)
    assert result.exit_code == status, result.output
    if status == 1:
        assert "fails by rate>1/s" in result.stdout
        assert "not max>3000s" in result.stdout


def test_a_test_in_which_nothing_was_answered_has_failed(run: Run, site: Site) -> None:
    site.reply = lambda head, body: answer(500)
    result = run("stress", site.url, *SHORT, "--fail-if", "p99>1h")
    assert result.exit_code == 2  # an hour is no unit
    result = run("stress", site.url, *SHORT, "--fail-if", "p99>1s")
    assert result.exit_code == 1
    assert "nothing was measured" in result.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rate", "1", "--concurrency", "1"], "exclude each other"),
        (["--rate", "0"], "--rate must be above 0"),
        (["--rate", "-5"], "the rate must be above 0"),
        (["--concurrency", "0"], "--concurrency must be above 0"),
        (["--duration", "7200"], "at most 3600 s"),
        (["--fail-if", "p99>50"], "it needs a unit"),
        (["--body", "x", "--example"], "--body and --example exclude each other"),
        (["--body", "missing.json"], "cannot read missing.json"),
        (["--image", "missing.png"], "declares no file"),
        (["--json", "no/such/folder/x.json"], "there is no such folder"),
        (["--plot", "picture.png"], "must end with .svg"),
        (["--compare", "missing.json"], "cannot read missing.json"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_sent(
    run: Run, site: Site, options: list[str], said: str
) -> None:
    result = run("stress", site.url, *options)
    assert result.exit_code in (1, 2)
    assert said in " ".join(result.output.split())
    assert site.seen == []


def test_what_is_no_earlier_report_is_refused(run: Run, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"a": 1}')
    result = run("stress", site.url, "--compare", str(file))
    assert result.exit_code == 2
    assert "is no report of a load test" in " ".join(result.output.split())


def test_another_machine_is_refused(run: Run) -> None:
    result = run("stress", "http://192.0.2.1/")
    assert result.exit_code == 2
    assert "--allow-remote" in result.output


def test_an_address_where_nobody_listens_is_status_3(run: Run) -> None:
    result = run("stress", "http://127.0.0.1:1/")
    assert result.exit_code == 3
    assert "nothing listens" in result.output


def test_without_a_server_there_is_no_service(run: Run) -> None:
    assert run("stress", "digits").exit_code == 3


def test_an_unknown_service_is_said(run_on_fake: Run, digits: Site) -> None:
    result = run_on_fake("stress", "letters")
    assert result.exit_code == 1
    assert "there is no service letters" in result.output


def test_ctrl_c_ends_the_test_early_and_reports(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    command = ["stress", site.url, "--duration", "600", "--rate", "100", "--json", str(out)]
    with subprocess.Popen(
        [sys.executable, "-m", "simulator.cli", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"DRYDOCK_HOME": str(tmp_path / "home")},
        text=True,
    ) as process:
        while len(site.seen) < 20 and process.poll() is None:
            signal.sigtimedwait([], 0.01)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=ENDS_WITHIN_S)
    assert process.returncode == 130, said
    assert "ended early" in said
    report = report_of(out.read_text())
    assert report.stopped
    assert report.figures.counts.ok >= 20
    assert report.figures.counts.planned == 60_000


# -- with a real server -----------------------------------------------------------------------


@pytest.mark.envoy
@pytest.mark.slow
@pytest.mark.drydock(backend="process", gateway=True, clock="real", traffic_limit_per_s=0)
def test_two_versions_of_a_real_model_share_the_load(
    drydock: Drydock, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = [drydock.publish_model(bundled(f"packages/{name}")) for name in ("mnist", "mnist-v2")]
    config = [
        {
            "model_id": model,
            "weight": weight,
            "specification": "modelarts.vm.cpu.2u",
            "instance_count": 1,
        }
        for model, weight in zip(models, (75, 25), strict=True)
    ]
    body = {"service_name": "digits", "infer_type": "real-time", "config": config}
    with drydock.client() as client:
        client.post("/services", json=body).raise_for_status()
    drydock.settle()
    # a server in a test's process holds no lock by which commands find it
    paths = Paths(drydock._server.home)
    monkeypatch.setattr(Server, "running", classmethod(lambda cls, _: Server(paths)))

    images = str(bundled("data/mnist/images"))
    arguments = ("--image", images, "--rate", "100", "--duration", "2", "--json", "-")
    result = run("stress", "digits", *arguments)
    assert result.exit_code == 0, result.output
    report = report_of(result.stdout)
    assert (report.service, report.sent.bodies) == ("digits", 300)
    assert (report.figures.counts.ok, report.figures.counts.errors) == (200, 0)
    assert report.versions_from == "answers"
    split = {one.name: one for one in report.versions}
    assert {name: one.wanted_share for name, one in split.items()} == {"v1": 0.75, "v2": 0.25}
    # the binomial 99.9999% interval of 200 with 0.25
    assert 20 < split["v2"].requests < 82
    assert split["v1"].latency.count == split["v1"].requests
