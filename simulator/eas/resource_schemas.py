"""Wire shapes of machines, networks, storage and scaling. Source: the JSON page, cloud, networking
and storage; Horizontal auto scaling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from simulator.eas.container_schemas import json_table
from simulator.eas.error_codes import INVALID_PARAMETER
from simulator.eas.vocabulary import SCALING_PAGE
from simulator.rules.rule import Proof, Source
from simulator.rules.shape import Shape, Table


@dataclass(frozen=True, kw_only=True)
class InstanceChoice(Shape):
    """One kind of machine; kinds are tried in the order of the list."""

    table: ClassVar[Table] = json_table(22, "cloud.computing.instances")

    type: Annotated[str | None, "Machine type, such as ecs.c7a.large."] = None
    dedicated_resource: Annotated[str | None, "A dedicated resource group instead."] = None
    spot_price_limit: Annotated[float | None, "Highest price of a spot machine, USD."] = None
    capacity: Annotated[Any, "How many instances, or which share such as 20%."] = None


@dataclass(frozen=True, kw_only=True)
class Computing(Shape):
    """The machines that a service runs on."""

    table: ClassVar[Table] = json_table(21, "cloud.computing")

    instance_type: Annotated[str | None, "The one machine type."] = None
    instances: Annotated[list[InstanceChoice] | None, "Machine types, the preferred first."] = None
    disable_spot_protection_period: Annotated[
        bool | None, "Without the first hour in which a spot machine is kept."
    ] = None


@dataclass(frozen=True, kw_only=True)
class CloudNetworking(Shape):
    """The private network (VPC) that the instances are connected to."""

    table: ClassVar[Table] = json_table(23, "cloud.networking", Proof.INFERRED)

    vpc_id: Annotated[str | None, "The network."] = None
    vswitch_id: Annotated[str | None, "Its switch."] = None
    security_group_id: Annotated[str | None, "Who may reach the instances."] = None


@dataclass(frozen=True, kw_only=True)
class Cloud(Shape):
    """Machines and network."""

    table: ClassVar[Table] = json_table(20, "cloud")

    computing: Annotated[Computing | None, "Machines."] = None
    networking: Annotated[CloudNetworking | None, "Private network of the instances."] = None


@dataclass(frozen=True, kw_only=True)
class Limit(Shape):
    """A limit of the whole service, at the gateway."""

    table: ClassVar[Table] = json_table(42, "networking.gateway_policy, limits", Proof.INFERRED)

    enable: Annotated[bool | None, "Whether the limit holds."] = None
    limit: Annotated[int | None, "Requests a second, or requests at once."] = None


@dataclass(frozen=True, kw_only=True)
class GatewayPolicy(Shape):
    """What the gateway refuses."""

    table: ClassVar[Table] = json_table(41, "networking.gateway_policy", Proof.INFERRED)

    rate_limit: Annotated[Limit | None, "Requests a second."] = None
    concurrency_limit: Annotated[Limit | None, "Requests at once."] = None


@dataclass(frozen=True, kw_only=True)
class LoadBalancer(Shape):
    """A network load balancer in front of the service."""

    table: ClassVar[Table] = json_table(43, "networking.nlb", Proof.INFERRED)

    id: Annotated[str | None, "The load balancer; default for a new one."] = None
    listener_port: Annotated[int | None, "Port on which it listens; not 8080."] = None
    netType: Annotated[str | None, "intranet or internet."] = None


@dataclass(frozen=True, kw_only=True)
class Networking(Shape):
    """How requests reach the service."""

    table: ClassVar[Table] = json_table(40, "networking", Proof.INFERRED)

    gateway: Annotated[str | None, "A dedicated gateway."] = None
    gateway_policy: Annotated[GatewayPolicy | None, "What the gateway refuses."] = None
    nlb: Annotated[list[LoadBalancer] | None, "Network load balancers."] = None


@dataclass(frozen=True, kw_only=True)
class StorageProperties(Shape):
    """What the stored files are for."""

    table: ClassVar[Table] = json_table(51, "storage.properties", Proof.INFERRED)

    resource_type: Annotated[str | None, "model or code."] = None
    resource_use: Annotated[str | None, "How they are used."] = None


@dataclass(frozen=True, kw_only=True)
class OssStorage(Shape):
    """A path of the object storage, in the service's own region."""

    table: ClassVar[Table] = json_table(52, "storage.oss", Proof.INFERRED)

    path: Annotated[str, "Object path, oss://bucket/..."]
    readOnly: Annotated[bool | None, "Whether the instance may only read."] = None
    endpoint: Annotated[str | None, "Endpoint of the object storage."] = None


@dataclass(frozen=True, kw_only=True)
class NfsStorage(Shape):
    """A directory of a file system (NAS)."""

    table: ClassVar[Table] = json_table(53, "storage.nfs", Proof.INFERRED)

    server: Annotated[str, "Host of the file system."]
    path: Annotated[str | None, "Directory of the file system."] = None
    readOnly: Annotated[bool | None, "Whether the instance may only read."] = None
    resourceGroup: Annotated[str | None, "Dedicated resource group of the mount."] = None


@dataclass(frozen=True, kw_only=True)
class DatasetStorage(Shape):
    """A dataset of the asset management."""

    table: ClassVar[Table] = json_table(54, "storage.dataset", Proof.INFERRED)

    id: Annotated[str, "The dataset."]
    version: Annotated[str | None, "Its version."] = None
    read_only: Annotated[bool | None, "Whether the instance may only read."] = None


@dataclass(frozen=True, kw_only=True)
class GitStorage(Shape):
    """A repository, pulled when the instance starts; only to be read."""

    table: ClassVar[Table] = json_table(55, "storage.git", Proof.INFERRED)

    repo: Annotated[str, "Address, https."]
    branch: Annotated[str | None, "Branch; master by default."] = None
    commit: Annotated[str | None, "Commit."] = None
    username: Annotated[str | None, "Who pulls."] = None
    password: Annotated[str | None, "Password or token of who pulls."] = None


@dataclass(frozen=True, kw_only=True)
class CodeStorage(Shape):
    """A code set of the asset management."""

    table: ClassVar[Table] = json_table(56, "storage.code", Proof.INFERRED)

    id: Annotated[str, "The code set."]


@dataclass(frozen=True, kw_only=True)
class ImageStorage(Shape):
    """Files of another image, copied in."""

    table: ClassVar[Table] = json_table(57, "storage.image", Proof.INFERRED)

    image: Annotated[str, "Image reference."]
    path: Annotated[str | None, "Directory in the image."] = None


@dataclass(frozen=True, kw_only=True)
class EmptyDirectory(Shape):
    """A directory that lives as long as the instance."""

    table: ClassVar[Table] = json_table(58, "storage.empty_dir", Proof.INFERRED)

    medium: Annotated[str | None, "memory, for a directory in memory."] = None
    size_limit: Annotated[float | None, "Highest size, GB."] = None


@dataclass(frozen=True, kw_only=True)
class Storage(Shape):
    """Something that is mounted: mount_path and exactly one kind."""

    table: ClassVar[Table] = json_table(50, "storage")

    mount_path: Annotated[str, "Directory in the container."]
    properties: Annotated[StorageProperties | None, "What the files are for."] = None
    oss: Annotated[OssStorage | None, "Object storage."] = None
    nfs: Annotated[NfsStorage | None, "File system."] = None
    dataset: Annotated[DatasetStorage | None, "Dataset."] = None
    git: Annotated[GitStorage | None, "Repository."] = None
    code: Annotated[CodeStorage | None, "Code set."] = None
    image: Annotated[ImageStorage | None, "Files of an image."] = None
    empty_dir: Annotated[EmptyDirectory | None, "Empty directory."] = None


def _scaling(number: int, place: str, proof: Proof = Proof.DOCUMENTED) -> Table:
    return Table("EAS", number, Source(SCALING_PAGE, place), INVALID_PARAMETER, proof)


@dataclass(frozen=True, kw_only=True)
class ScaleStrategy(Shape):
    """A metric and the value of it that one instance takes."""

    table: ClassVar[Table] = _scaling(61, "scaleStrategies", Proof.INFERRED)

    metricName: Annotated[str, "Metric, such as qps."]
    threshold: Annotated[float, "Value for each instance."]
    service: Annotated[str | None, "Service that is measured."] = None


@dataclass(frozen=True, kw_only=True)
class Stabilization(Shape):
    """How calm a metric must be."""

    table: ClassVar[Table] = _scaling(63, "behavior, scaleUp and scaleDown")

    stabilizationWindowSeconds: Annotated[
        int | None, "Seconds; 0 by default for more instances, 300 for fewer."
    ] = None


@dataclass(frozen=True, kw_only=True)
class OnZero(Shape):
    """How a service goes to no instance, and comes back."""

    table: ClassVar[Table] = _scaling(64, "behavior.onZero")

    scaleDownGracePeriodSeconds: Annotated[
        int | None, "Seconds without requests; 600 by default."
    ] = None
    scaleUpActivationReplicas: Annotated[
        int | None, "Instances that a first request starts; 1 by default."
    ] = None
    interceptTraffic: Annotated[Any, "Not explained in public."] = None


@dataclass(frozen=True, kw_only=True)
class Behavior(Shape):
    """How fast the number of instances changes."""

    table: ClassVar[Table] = _scaling(62, "behavior")

    scaleUp: Annotated[Stabilization | None, "Before more instances."] = None
    scaleDown: Annotated[Stabilization | None, "Before fewer instances."] = None
    onZero: Annotated[OnZero | None, "To and from no instance."] = None


@dataclass(frozen=True, kw_only=True)
class Autoscaler(Shape):
    """How many instances run, by their load."""

    table: ClassVar[Table] = _scaling(60, "parameters")

    min: Annotated[int | None, "Fewest instances."] = None
    max: Annotated[int | None, "Most instances."] = None
    strategies: Annotated[dict[str, Any] | None, "Metric to the value that one instance takes."] = (
        None
    )
    scaleStrategies: Annotated[list[ScaleStrategy] | None, "The same as a list."] = None
    behavior: Annotated[Behavior | None, "How fast the number changes."] = None
