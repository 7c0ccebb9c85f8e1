"""From stored versions to what a backend runs and what the gateway routes: pure."""

from __future__ import annotations

from typing import Any

from backends.base import Artifact, ImageArtifact, InstanceSpec, PackageArtifact, Resources
from simulator.addresses import parse_address
from simulator.facts import limits
from simulator.facts.statuses import ServiceKind, ServiceStatus
from simulator.gateway.state import Api, Availability, Endpoint, ServiceRoute, VersionRoute
from simulator.lifecycle import traffic
from simulator.lifecycle.objects import Goal, InstanceState, Service
from simulator.routing import Routing, routing_of
from simulator.store.services import Stored
from simulator.store.tables import VersionRow


def artifact_document(artifact: Artifact) -> dict[str, Any]:
    """The artifact as the store keeps it."""
    if isinstance(artifact, PackageArtifact):
        return {"kind": "package", "path": artifact.path}
    return {"kind": "image", "reference": artifact.reference, "port": artifact.port}


def artifact_of(document: dict[str, Any]) -> Artifact:
    if document["kind"] == "package":
        return PackageArtifact(path=document["path"])
    return ImageArtifact(reference=document["reference"], port=document["port"])


def instance_spec(installation: str, version: VersionRow, instance_id: str) -> InstanceSpec:
    """Exactly what to run for one instance of a version."""
    return InstanceSpec(
        installation=installation,
        service_id=version.service_id,
        version_id=version.version_id,
        instance_id=instance_id,
        artifact=artifact_of(version.artifact),
        resources=Resources(
            cpus=version.cpus,
            memory_mib=version.memory_mib,
            gpus=version.gpus,
            npus=version.npus,
        ),
        envs=version.envs,
    )


def service_route(
    stored: Stored,
    service: Service,
    *,
    prefix: str,
    timeout_s: float,
    requests_per_s: int,
) -> ServiceRoute | None:
    """How the gateway treats a service; None for a batch service, which has no address.

    Args:
        service: as planned; `stored` gives what a plan does not change.
        prefix: path under which services live, ending in `/`.
        timeout_s, requests_per_s: where the service has none of its own; 0 requests for no limit.
    """
    if stored.row.kind == ServiceKind.BATCH:
        return None
    routing = routing_of(stored.row.routing)
    limit = requests_per_s if routing.requests_per_s is None else routing.requests_per_s
    weights = traffic.shares(service)
    with_instances = {instance.version_id for instance in service.instances}
    versions = tuple(
        VersionRoute(
            version_id=version_id,
            weight=weights.get(version_id, 0),
            endpoints=_endpoints(service, version_id),
            http2=_speaks_http2(service, version_id),
        )
        for version_id in sorted(weights.keys() | with_instances)
    )
    return ServiceRoute(
        service_id=stored.row.service_id,
        project_id=stored.row.project_id,
        prefix=prefix + stored.row.service_id,
        availability=availability(service),
        versions=versions,
        apis=_apis(stored.versions),
        timeout_s=timeout_s if routing.timeout_s is None else routing.timeout_s,
        max_body_bytes=_max_body_bytes(routing),
        requests_per_s=None if routing.websocket else limit or None,
        balancing=routing.balancing,
        websocket=routing.websocket,
        collected_percent=routing.collection.share_percent if routing.collection.enabled else 0.0,
    )


def _speaks_http2(service: Service, version_id: str) -> bool:
    """Whether its instances do; of a version that only has instances on their way out it does not
    matter any more."""
    version = service.version(version_id)
    return version is not None and version.http2


def _max_body_bytes(routing: Routing) -> int | None:
    if routing.max_body_bytes is None:
        return limits.REQUEST_BODY_MAX_BYTES
    return routing.max_body_bytes or None


def availability(service: Service) -> Availability:
    """What a caller of the service is told."""
    if service.goal is not Goal.RUNNING:
        return Availability.STOPPED
    if service.status is ServiceStatus.FAILED:
        return Availability.FAILED
    if service.is_updating:
        return Availability.SERVING
    up = service.status in (ServiceStatus.RUNNING, ServiceStatus.CONCERNING)
    return Availability.SERVING if up else Availability.DEPLOYING


def _endpoints(service: Service, version_id: str) -> tuple[Endpoint, ...]:
    return tuple(
        endpoint_at(instance.instance_id, instance.address, instance.pool)
        for instance in service.instances
        if instance.version_id == version_id
        and instance.state is InstanceState.READY
        and instance.address
    )


def endpoint_at(instance_id: str, address: str, pool: str = "") -> Endpoint:
    """An instance's address as the gateway has it."""
    at = parse_address(address)
    return Endpoint(instance_id=instance_id, host=at.host, port=at.port, path=at.path, pool=pool)


def _apis(versions: list[VersionRow]) -> tuple[Api, ...]:
    """What the versions declare together; one that declares nothing opens every path."""
    if any(not version.apis for version in versions):
        return ()
    declared = {(api["path"], api["method"]) for version in versions for api in version.apis}
    return tuple(Api(path, method) for path, method in sorted(declared))
