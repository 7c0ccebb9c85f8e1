"""Answers of the ModelArts API as examples, made by what makes the real ones."""

from __future__ import annotations

from typing import Any

from simulator.facts.engines import ENGINES
from simulator.facts.specifications import SPECIFICATIONS
from simulator.facts.statuses import ModelStatus, ServiceStatus
from simulator.lifecycle.objects import EventKind, Size
from simulator.lifecycle.placement import nodes_of
from simulator.modelarts import offers, tags, wire
from simulator.modelarts.app_examples import app_answers
from simulator.modelarts.cluster_routes import cluster_item
from simulator.modelarts.monitor import monitor
from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.schemas import CreateService
from simulator.modelarts.services import build_service
from simulator.rules.shape import build
from simulator.store.listing import listed
from simulator.store.records import service_of
from simulator.store.services import Stored
from simulator.store.tables import EventRow, ModelRow, PoolRow, UpdateRow

ENDPOINT = "http://127.0.0.1:8780"
PROJECT_ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
SERVICE_ID = "1bd6f1d1-6a34-4d7e-9b0a-3c2f1e0d9a88"
USER_ID = "00000000000000000000000000000001"
DOMAIN_ID = "00000000000000000000000000000002"
AT_MS = 1_780_000_000_000

Document = dict[str, Any]


def model_row() -> ModelRow:
    """The model of the documented example request."""
    document = CATALOGUE.documents["model"]
    return ModelRow(
        model_id=CATALOGUE.documents["real-time"]["config"][0]["model_id"],
        project_id=PROJECT_ID,
        name=document["model_name"],
        version=document["model_version"],
        type=document["model_type"],
        status=ModelStatus.PUBLISHED.value,
        source=document["source_location"],
        size_bytes=26_143,
        created_at=AT_MS,
        document={
            **document,
            "owner": USER_ID,
            "tenant": DOMAIN_ID,
            "config": CATALOGUE.documents["config-json"],
        },
    )


def stored() -> Stored:
    """The service of the documented example request, running."""
    body = CATALOGUE.documents["real-time"]
    row, versions = build_service(
        build(CreateService, body),
        body,
        project_id=PROJECT_ID,
        user_id=USER_ID,
        domain_id=DOMAIN_ID,
        models={model_row().model_id: model_row()},
        now=AT_MS,
    )
    row.service_id = SERVICE_ID
    row.status = ServiceStatus.RUNNING.value
    return Stored(row, versions, [], service_of(row, versions, []))


def _page(name: str, *items: Document) -> Document:
    return {"total_count": len(items), "count": len(items), name: list(items)}


def answers() -> dict[str, Any]:
    """One answer for each operation's id."""
    service, model, calls = stored(), model_row(), wire.Calls(total=120, failed=2)
    event = EventRow(
        service_id=SERVICE_ID, at=AT_MS, kind=EventKind.NORMAL, text="the service is running"
    )
    pool = PoolRow(
        project_id=PROJECT_ID,
        pool_id="pool-a",
        owner=USER_ID,
        generation="old",
        status="running",
        specification="modelarts.vm.cpu.2u",
        cpus=2,
        memory_mib=8192,
        nodes=2,
        created_at=AT_MS,
    )
    nodes = nodes_of("pool-a", 2, Size(2, 8192), {})
    update = UpdateRow(
        service_id=SERVICE_ID, at=AT_MS, result="done", document=service.row.document
    )
    models = {model.model_id: model for model in [model_row()]}
    specifications = [
        offers.specification_item(one, sold_out=one.category != "CPU")
        for one in SPECIFICATIONS.values()
    ]
    engines = [offers.engine_item(one) for one in ENGINES]
    names = {"service_id": SERVICE_ID, "service_name": service.row.name}
    return {
        "CreateService": {"service_id": SERVICE_ID, "resource_ids": [f"{SERVICE_ID}.v1"]},
        "ListServices": _page("services", wire.service_item(listed(service), calls)),
        "ShowService": wire.service_detail(service, calls, ENDPOINT),
        "UpdateService": {},
        "ListClusters": _page("clusters", cluster_item(pool, nodes, tenant=DOMAIN_ID)),
        "PatchService": {"update_time": AT_MS, "resource_ids": [f"{SERVICE_ID}.v2"]},
        "ChangeServiceProperty": {},
        "ListServiceUpdates": names | {"logs": [wire.update_item(update, models)]},
        "DeleteService": {},
        "ListServiceEvents": names | _page("events", wire.event_item(event)),
        "ListSpecifications": _page("specifications", *specifications),
        "ShowServiceMonitor": monitor(service, {"v1": calls}, requests_in_last_minute=40),
        "CreateServiceTags": None,
        "DeleteServiceTags": None,
        "ListServiceTags": tags.tag_list({"model_version": ["0.1", "0.2"]}),
        "CreateModel": {"model_id": model.model_id},
        "ListModels": _page("models", wire.model_item(model)),
        "ShowModel": wire.model_detail(model),
        "ListEngineRuntimes": _page("engine_runtimes", *engines),
        "DeleteModel": {"delete_success_list": [model.model_id], "delete_failed_list": []},
        **app_answers(service.row, ENDPOINT, AT_MS),
    }
