"""Batch jobs from outside: inputs in the server's buckets, the request, and what came out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.digits import IRIS_FEATURES, Digit, held_out_digits
from tests.e2e.server import DrydockServer, wait_until

UNDER_WAY = ("deploying", "running", "waiting", "stopping")
DONE_S = 120.0

Json = dict[str, Any]


def put_digits(server: DrydockServer, bucket: str, count: int) -> list[Digit]:
    """The held-out digits as files, over and over, in the order in which a job reads them."""
    digits = held_out_digits()
    found = [digits[number % len(digits)] for number in range(count)]
    folder = server.files / "objects" / bucket / "digits"
    folder.mkdir(parents=True)
    for number, digit in enumerate(found):
        (folder / name_of(number)).write_bytes(digit.png)
    return found


def name_of(number: int) -> str:
    return f"{number:05}.png"


def batch_request(model_id: str, bucket: str, **changes: Any) -> Json:
    """A request for the files in a bucket, each sent as it is; its results go to the same bucket.

    Args:
        changes: go into the configuration.
    """
    config = {
        "model_id": model_id,
        "specification": "modelarts.vm.cpu.2u",
        "instance_count": 2,
        "src_path": f"obs://{bucket}/digits/",
        "dest_path": f"obs://{bucket}/out/",
        "req_uri": "/",
        "mapping_type": "file",
        **changes,
    }
    return {"service_name": bucket, "infer_type": "batch", "config": [config]}


def iris_rule() -> Json:
    """The mapping rule of the iris package."""
    columns = {name: {"type": "number", "index": index} for index, name in enumerate(IRIS_FEATURES)}
    row = {"type": "object", "properties": columns}
    data = {"type": "object", "properties": {"req_data": {"type": "array", "items": [row]}}}
    return {"type": "object", "properties": {"data": data}}


@dataclass(frozen=True)
class Output:
    """What a job wrote.

    Attributes:
        lines: of all its manifests, in order.
        texts: the content of each result file, by its object path.
    """

    lines: list[Json]
    texts: dict[str, str]

    def labels(self) -> list[str | None]:
        """What each input was recognised as; None for one that failed."""
        return [
            json.loads(self.texts[line["inference-loc"]])["predicted_label"]
            if line["result"] == "SUCCESSFUL"
            else None
            for line in self.lines
        ]


def output_of(server: DrydockServer, service_id: str) -> Output:
    """What the newest run of a service's job wrote."""
    job = job_of(server, service_id)
    lines = [
        json.loads(line)
        for manifest in job["manifests"]
        for line in _file(server, manifest).read_text().splitlines()
    ]
    folder = _file(server, job["results"] + "infer-result/")
    texts = {f"{job['results']}infer-result/{f.name}": f.read_text() for f in folder.iterdir()}
    return Output(lines, texts)


def job_of(server: DrydockServer, service_id: str) -> Json:
    found: Json = server.admin("GET", f"/services/{service_id}")["job"]
    return found


def wait_for_end(server: DrydockServer, service_id: str) -> Json:
    """The service's detail when its job is not under way any more."""

    def ended() -> Json | None:
        detail = server.api("GET", f"/services/{service_id}")
        return None if detail["status"] in UNDER_WAY else detail

    return wait_until(f"the job of {service_id} has ended", ended, DONE_S)


def wait_for_middle(server: DrydockServer, service_id: str) -> None:
    """Until some inputs are done, and not all."""

    def is_in_the_middle() -> bool:
        job = job_of(server, service_id)
        assert job["total"] is None or job["done"] < job["total"], "the job is too short"
        return bool(job["done"])

    wait_until(f"the job of {service_id} is in its middle", is_in_the_middle, DONE_S)


def assert_exactly_once(output: Output, bucket: str, labels: Sequence[str]) -> None:
    """Every input stands once in the manifest, in order, with the result that the model gives, and
    there is no other result."""
    expected = [f"obs://{bucket}/digits/{name_of(number)}" for number in range(len(labels))]
    assert [line["source"] for line in output.lines] == expected
    assert [line for line in output.lines if line["result"] != "SUCCESSFUL"] == []
    assert sorted(line["inference-loc"] for line in output.lines) == sorted(output.texts)
    assert output.labels() == list(labels)


def _file(server: DrydockServer, path: str) -> Path:
    return server.files / "objects" / path.removeprefix("obs://")
