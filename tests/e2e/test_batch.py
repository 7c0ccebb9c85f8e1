"""Batch services with real models: what comes out is what the models give when called directly, and
each input is there exactly once, whatever is killed meanwhile.

`DRYDOCK_PROVE_BATCH_KILLS` kills (a few by default), `DRYDOCK_PROVE_SEED` for another run.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnxruntime
import pytest

from tests.e2e.batch_jobs import (
    Output,
    assert_exactly_once,
    batch_request,
    iris_rule,
    job_of,
    name_of,
    output_of,
    put_digits,
    wait_for_end,
    wait_for_middle,
)
from tests.e2e.digits import IRIS, direct_labels
from tests.e2e.server import FIXTURES, DrydockServer, wait_until

pytestmark = pytest.mark.envoy

KILLS = int(os.environ.get("DRYDOCK_PROVE_BATCH_KILLS", "2"))
SEED = int(os.environ.get("DRYDOCK_PROVE_SEED", "20261128"))
PROVEN_ITEMS, ITEMS = 5000, 2000
LONGEST_LIFE_S = 1.5

Json = dict[str, Any]
ModelOf = Callable[[DrydockServer, str], str]


@pytest.fixture
def bucket(any_server: DrydockServer) -> Iterator[str]:
    """A bucket on each backend's server."""
    name = f"batch-{random.Random().getrandbits(32):08x}"
    folder = any_server.files / "objects" / name
    folder.mkdir(parents=True)
    yield name
    shutil.rmtree(folder)


def done(server: DrydockServer, body: Json) -> Output:
    """Deploys a batch service and waits for its end; what it wrote."""
    service_id = server.deploy(body, until="")
    detail = wait_for_end(server, service_id)
    assert detail["status"] == "finished", server.events(service_id)
    wait_until("its instances are gone", lambda: not server.instances(service_id), 20)
    assert detail["start_time"] <= detail["finished_time"]
    assert detail["invocation_times"] > detail["failed_times"] == 0
    return output_of(server, service_id)


def test_digits_as_files_get_the_labels_that_the_model_gives_when_called_directly(
    any_server: DrydockServer, model_of: ModelOf, bucket: str
) -> None:
    digits = put_digits(any_server, bucket, 300)
    output = done(any_server, batch_request(model_of(any_server, "mnist"), bucket))
    assert_exactly_once(output, bucket, direct_labels("mnist", digits))


def test_rows_of_a_csv_file_get_the_species_that_the_model_gives_when_called_directly(
    any_server: DrydockServer, model_of: ModelOf, bucket: str
) -> None:
    folder = any_server.files / "objects" / bucket / "tables"
    folder.mkdir()
    (folder / "iris.csv").write_bytes((IRIS / "iris.csv").read_bytes())
    model_id = model_of(any_server, "iris")
    csv = {"mapping_type": "csv", "mapping_rule": iris_rule()}
    body = batch_request(model_id, bucket, src_path=f"obs://{bucket}/tables/", **csv)
    output = done(any_server, body)

    (line,) = output.lines
    answers = [json.loads(row) for row in output.texts[line["inference-loc"]].splitlines()]
    got = [answer["data"]["resp_data"][0]["predictresult"] for answer in answers]
    rows = [row.split(",") for row in (IRIS / "iris.csv").read_text().split()]
    assert got == direct_species([[float(cell) for cell in row[:4]] for row in rows])
    right = [mine == row[4] for mine, row in zip(got, rows, strict=True)]
    assert sum(right) / len(rows) > 0.9


def direct_species(rows: list[list[float]]) -> list[str]:
    """What ONNX Runtime says without any server."""
    session = onnxruntime.InferenceSession(FIXTURES / "packages" / "iris" / "model" / "iris.onnx")
    labels = json.loads(session.get_modelmeta().custom_metadata_map["labels"])
    (scores,) = session.run(["probabilities"], {"features": np.array(rows, np.float32)})
    return [labels[index] for index in scores.argmax(axis=1)]


def test_a_manifest_names_the_inputs_and_what_it_names_wrongly_fails_alone(
    server: DrydockServer, model_of: ModelOf
) -> None:
    digits = put_digits(server, "listed", 3)
    manifest = server.files / "objects" / "listed" / "some.manifest"
    sources = [
        "/listed/digits/00002.png",
        "s3://listed/digits/missing.png",
        "https://listed.obs.local.example.com:443/digits/00000.png?Signature=secret",
    ]
    manifest.write_text("".join(json.dumps({"source": one}) + "\n" for one in sources))
    path = {"src_type": "ManifestFile", "src_path": "obs://listed/some.manifest"}
    output = done(server, batch_request(model_of(server, "mnist"), "listed", **path))
    expected = direct_labels("mnist", digits)
    assert [line["source"] for line in output.lines] == sources
    assert output.labels() == [expected[2], None, expected[0]]
    assert output.lines[1]["error_message"].startswith("Download file failed")
    assert "secret" not in server.log()


def test_an_instance_that_dies_in_the_middle_costs_no_input(
    server: DrydockServer, model_of: ModelOf
) -> None:
    digits = put_digits(server, "dying", ITEMS)
    service_id = server.deploy(batch_request(model_of(server, "mnist"), "dying"), until="")
    wait_for_middle(server, service_id)
    os.kill(server.pids(service_id)[0], signal.SIGKILL)
    assert wait_for_end(server, service_id)["status"] == "finished", server.events(service_id)
    labels = direct_labels("mnist", digits)
    assert_exactly_once(output_of(server, service_id), "dying", labels)


def test_a_job_that_is_stopped_in_the_middle_goes_on_when_it_is_started(
    server: DrydockServer, model_of: ModelOf
) -> None:
    digits = put_digits(server, "stopped", ITEMS)
    service_id = server.deploy(batch_request(model_of(server, "mnist"), "stopped"), until="")
    wait_for_middle(server, service_id)
    server.api("PUT", f"/services/{service_id}", json={"status": "stopped"})
    assert wait_for_end(server, service_id)["status"] == "stopped"
    stopped = job_of(server, service_id)
    assert 0 < stopped["done"] < ITEMS

    server.api("PUT", f"/services/{service_id}", json={"status": "running"})
    assert wait_for_end(server, service_id)["status"] == "finished"
    assert job_of(server, service_id)["task_id"] == stopped["task_id"]
    labels = direct_labels("mnist", digits)
    assert_exactly_once(output_of(server, service_id), "stopped", labels)


def test_a_job_that_is_changed_in_the_middle_is_done_anew_by_its_other_configuration(
    server: DrydockServer, model_of: ModelOf
) -> None:
    digits = put_digits(server, "changed", ITEMS)
    body = batch_request(model_of(server, "mnist"), "changed")
    service_id = server.deploy(body, until="")
    wait_for_middle(server, service_id)
    first = job_of(server, service_id)
    other = body["config"][0] | {"dest_path": "obs://changed/other/", "instance_count": 1}
    server.api("PUT", f"/services/{service_id}", json={"config": [other]})
    assert wait_for_end(server, service_id)["status"] == "finished", server.events(service_id)
    assert job_of(server, service_id)["task_id"] != first["task_id"]
    labels = direct_labels("mnist", digits)
    assert_exactly_once(output_of(server, service_id), "changed", labels)
    left = [one.name for one in (server.files / "objects" / "changed" / "out").iterdir()]
    assert left == ["infer-result"], "what was cut off has no manifest"
    (update,) = server.api("GET", f"/services/{service_id}/logs")["logs"]
    assert update["result"] == "SUCCESS"
    kept = [one.name for one in (server.files / "batch" / service_id).iterdir()]
    assert kept == [], "nothing is kept of the run that was cut off"


def test_a_job_that_is_deleted_in_the_middle_leaves_what_it_wrote(
    server: DrydockServer, model_of: ModelOf
) -> None:
    put_digits(server, "deleted", ITEMS)
    service_id = server.deploy(batch_request(model_of(server, "mnist"), "deleted"), until="")
    wait_for_middle(server, service_id)
    server.delete_service(service_id)
    results = list((server.files / "objects" / "deleted" / "out" / "infer-result").iterdir())
    assert 0 < len(results) <= ITEMS
    kept = server.files / "batch" / service_id
    wait_until("nobody works any more", lambda: not kept.exists(), 20)


@pytest.mark.timeout(180 + 30 * KILLS)
def test_a_server_that_is_killed_at_random_points_of_a_job_loses_no_result_and_writes_none_twice(
    make_server: Callable[..., DrydockServer], record_property: Callable[[str, object], None]
) -> None:
    server, dice, killed, jobs = make_server(), random.Random(SEED), 0, 0
    server.start()
    model_id = server.import_package("mnist")
    while killed < KILLS:
        jobs += 1
        bucket = f"job-{jobs}"
        digits = put_digits(server, bucket, PROVEN_ITEMS if KILLS > 2 else ITEMS)
        service_id = server.deploy(batch_request(model_id, bucket), until="")
        killed += killed_amid(server, service_id, KILLS - killed, dice)
        assert wait_for_end(server, service_id)["status"] == "finished", server.events(service_id)
        output = output_of(server, service_id)
        assert_exactly_once(output, bucket, direct_labels("mnist", digits))
        server.delete_service(service_id)
        shutil.rmtree(server.files / "objects" / bucket)
    words = f"{killed} kills (seed {SEED}) in {jobs} jobs of {len(digits)} items"
    record_property("measured", f"{words}: each input exactly once")
    assert output.lines[-1]["source"].endswith(name_of(len(digits) - 1))


def killed_amid(server: DrydockServer, service_id: str, most: int, dice: random.Random) -> int:
    """Kills the server at random points of a job, and starts it again each time; returns how often
    that was before the job was done."""
    kills = 0
    while kills < most:
        while server.api("GET", f"/services/{service_id}")["status"] == "deploying":
            time.sleep(0.02)
        time.sleep(dice.uniform(0, LONGEST_LIFE_S))
        if job_of(server, service_id)["ended_at_ms"] is not None:
            break
        os.kill(server.pid, signal.SIGKILL)
        server.wait_for_end()
        kills += 1
        server.start()
    return kills
