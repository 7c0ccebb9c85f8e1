"""A client that a generator makes of the server's OpenAPI document does the main job."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import ACCEPTED, FIXTURES, DrydockServer, wait_until

pytestmark = pytest.mark.envoy

CONFIGURATION = {
    "post_hooks": [],
    # the generator has no word for JSON lines
    "content_type_overrides": {"application/x-ndjson": "text/plain"},
}
GENERATION_S = 60


class Cloud:
    """The generated package, and a client of a server made with it.

    Args:
        package: name under which it can be imported.
    """

    def __init__(self, package: str, server: DrydockServer) -> None:
        self._package = package
        self._project_id = server.project_id
        root = importlib.import_module(package)
        self._client = root.AuthenticatedClient(
            base_url=server.url, token=server.token, prefix="", auth_header_name="X-Auth-Token"
        )

    def model(self, name: str) -> Any:
        """A class of the generated package."""
        return getattr(importlib.import_module(f"{self._package}.models"), name)

    def call(self, operation: str, *ids: str, **more: Any) -> Any:
        """Calls an operation of the ModelArts API; returns status and parsed answer."""
        module = importlib.import_module(f"{self._package}.api.modelarts.{operation}")
        answer = module.sync_detailed(self._project_id, *ids, client=self._client, **more)
        return answer.status_code, answer.parsed


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory that modules can be imported from."""
    directory = tmp_path_factory.mktemp("generated")
    sys.path.insert(0, str(directory))
    yield directory
    sys.path.remove(str(directory))


@pytest.fixture(scope="module")
def cloud(shared_servers: Callable[[str], DrydockServer], generated: Path) -> Cloud:
    server = shared_servers("process")
    package = f"cloud_{uuid.uuid4().hex[:8]}"
    document = generated / f"{package}.json"
    document.write_text(json.dumps(_for_the_generator(server.client.get("/openapi.json").json())))
    config = generated / f"{package}.config.json"
    config.write_text(json.dumps(CONFIGURATION))
    command = [
        *(sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"),
        *("--path", str(document), "--config", str(config)),
        *("--meta", "none", "--output-path", str(generated / package)),
    ]
    made = subprocess.run(
        command, capture_output=True, text=True, timeout=GENERATION_S, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    importlib.invalidate_caches()
    return Cloud(package, server)


def _for_the_generator(document: dict[str, Any]) -> dict[str, Any]:
    """The document, with one thing changed: the generator keeps unknown members of an object in an
    attribute `additional_properties`, which the cloud's own member of that name would hide. An
    object that has such a member is said to have no unknown ones."""
    for schema in document["components"]["schemas"].values():
        if "additional_properties" in schema.get("properties", ()):
            schema["additionalProperties"] = False
    return document


def test_generated_client_deploys_a_model_and_cleans_up(
    server: DrydockServer, cloud: Cloud
) -> None:
    bucket = f"generated-{uuid.uuid4().hex[:8]}"
    shutil.copytree(FIXTURES / "packages" / "iris", server.home / "objects" / bucket / "iris")
    wanted = cloud.model("CreateModel")(
        model_name="flowers",
        model_version="0.0.1",
        model_type=cloud.model("CreateModelModelType").SCIKIT_LEARN,
        source_location=f"obs://{bucket}/iris/",
    )
    status, made = cloud.call("create_model", body=wanted)
    assert status == 200, made
    server.wait_for_model(made.model_id)
    _, shown = cloud.call("show_model", made.model_id)
    assert (shown.model_name, shown.model_status) == ("flowers", "published")

    request = json.loads((ACCEPTED / "realtime.json").read_text())
    request["config"][0]["model_id"] = made.model_id
    status, created = cloud.call(
        "create_service", body=cloud.model("CreateService").from_dict(request)
    )
    assert status == 200, created

    def running() -> bool:
        _, service = cloud.call("show_service", created.service_id)
        assert service.status != "failed", service
        return bool(service.status == "running")

    wait_until("the service runs", running, 30)
    _, listed = cloud.call("list_services", status=cloud.model("ListServicesStatus").RUNNING)
    assert [one.service_id for one in listed.services] == [created.service_id]
    _, events = cloud.call("list_service_events", created.service_id, limit=1)
    assert (events.count, events.total_count >= 2) == (1, True)

    status, kept = cloud.call("delete_model", made.model_id)
    assert kept.delete_failed_list[0].error_code == "ModelArts.3009"
    assert cloud.call("delete_service", created.service_id)[0] == 200
    server.delete_all_services()
    _, gone = cloud.call("delete_model", made.model_id)
    assert gone.delete_success_list == [made.model_id]


def test_generated_client_reads_the_clouds_errors(server: DrydockServer, cloud: Cloud) -> None:
    status, error = cloud.call("show_service", "no-such-service")
    assert (status, error.error_code) == (404, "ModelArts.3502")

    request = json.loads((ACCEPTED / "realtime.json").read_text())
    request["config"][0]["weight"] = 99
    status, error = cloud.call(
        "create_service", body=cloud.model("CreateService").from_dict(request)
    )
    assert (status, error.error_code) == (400, "ModelArts.0101")
    assert [one.rule for one in error.violations] == ["MA-SVC-014"]
