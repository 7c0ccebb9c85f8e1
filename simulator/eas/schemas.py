"""Wire shapes of service.json: types and mandatory fields; everything else is a rule.

Source: the JSON page, in its order. A field of several types has the type Any and a rule on them;
a field that only secondary sources name is taken with any value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from simulator.eas.container_schemas import Container, json_table
from simulator.eas.resource_schemas import Autoscaler, Cloud, Networking, Storage
from simulator.rules.rule import Proof
from simulator.rules.shape import Shape, Table


@dataclass(frozen=True, kw_only=True)
class Rpc(Shape):
    """How the engine of an instance takes requests."""

    table: ClassVar[Table] = json_table(3, "metadata.rpc")

    keepalive: Annotated[
        int | None, "Milliseconds that one request may take, waiting included."
    ] = None
    batching: Annotated[bool | None, "Whether requests are put together."] = None
    max_batch_size: Annotated[int | None, "Requests in one batch; 16 by default."] = None
    max_batch_timeout: Annotated[
        int | None, "Milliseconds that a batch waits for more; 50 by default."
    ] = None
    max_queue_size: Annotated[int | None, "Requests that wait; 64 by default."] = None
    worker_threads: Annotated[int | None, "Requests at once; 5 by default."] = None
    io_threads: Annotated[int | None, "Threads for the network; 4 by default."] = None
    rate_limit: Annotated[int | None, "Requests a second for each instance; 0 is no limit."] = None
    enable_sigterm: Annotated[bool | None, "Whether the process gets SIGTERM."] = None
    enable_jemalloc: Annotated[int | None, "1 for the allocator jemalloc."] = None
    proxy_path: Annotated[Any, "Path to which requests go; sent by the SDK."] = None


@dataclass(frozen=True, kw_only=True)
class EasSettings(Shape):
    """Settings with the prefix eas."""

    table: ClassVar[Table] = json_table(4, "metadata.eas")

    termination_grace_period: Annotated[
        int | None, "Seconds that an instance has to end by itself; 30 by default."
    ] = None


@dataclass(frozen=True, kw_only=True)
class Spread(Shape):
    """How instances are kept apart."""

    table: ClassVar[Table] = json_table(6, "metadata.scheduling.spread")

    policy: Annotated[str | None, "host, zone or default."] = None


@dataclass(frozen=True, kw_only=True)
class Scheduling(Shape):
    """Where instances are put."""

    table: ClassVar[Table] = json_table(5, "metadata.scheduling")

    spread: Annotated[Spread | None, "How they are kept apart."] = None


@dataclass(frozen=True, kw_only=True)
class RollingStrategy(Shape):
    """How instances are replaced in an update."""

    table: ClassVar[Table] = json_table(7, "metadata.rolling_strategy")

    max_surge: Annotated[Any, "Instances more than wanted: a count, or a share; 2% by default."] = (
        None
    )
    max_unavailable: Annotated[
        int | None, "Instances fewer than wanted; 1 in dedicated groups, else 0."
    ] = None


@dataclass(frozen=True, kw_only=True)
class Metadata(Shape):
    """What the service is and what each instance gets."""

    table: ClassVar[Table] = json_table(2, "metadata")

    name: Annotated[str | None, "Name of the service, unique in the region."] = None
    instance: Annotated[int, "How many instances run."]
    workspace_id: Annotated[Any, "Workspace: a text or a number."] = None
    cpu: Annotated[float | None, "CPU cores of an instance."] = None
    memory: Annotated[int | None, "Memory of an instance, MB."] = None
    gpu: Annotated[int | None, "GPUs of an instance; 0 by default."] = None
    gpu_memory: Annotated[int | None, "Memory of the slice of a GPU, GB."] = None
    gpu_core_percentage: Annotated[int | None, "Share of a GPU's cores, percent."] = None
    qos: Annotated[str | None, "BestEffort, or empty."] = None
    resource: Annotated[str | None, "Dedicated resource group; the public one when empty."] = None
    quota_id: Annotated[str | None, "Quota of a larger machine pool."] = None
    resource_burstable: Annotated[bool | None, "Whether public resources help out."] = None
    resource_rebalancing: Annotated[bool | None, "Whether instances are moved back."] = None
    workload_type: Annotated[str | None, "elasticjob for services like jobs."] = None
    type: Annotated[str | None, "Kind of the service; Standard when absent."] = None
    group: Annotated[str | None, "Service group; made when there is none."] = None
    gateway: Annotated[str | None, "Dedicated gateway; now in networking."] = None
    release: Annotated[bool | None, "Older form of blue-green deployment."] = None
    region: Annotated[str | None, "Region id."] = None
    cuda: Annotated[str | None, "CUDA version that is mounted."] = None
    rdma: Annotated[int | None, "1 for RDMA."] = None
    enable_grpc: Annotated[bool | None, "Whether the service speaks gRPC."] = None
    enable_webservice: Annotated[bool | None, "Whether the service is a web app."] = None
    disk: Annotated[Any, "Further system disk, such as 30Gi."] = None
    shm_size: Annotated[int | None, "Shared memory, GB."] = None
    rpc: Annotated[Rpc | None, "How the engine takes requests."] = None
    eas: Annotated[EasSettings | None, "Settings with the prefix eas."] = None
    scheduling: Annotated[Scheduling | None, "Where instances are put."] = None
    rolling_strategy: Annotated[RollingStrategy | None, "How instances are replaced."] = None


@dataclass(frozen=True, kw_only=True)
class Runtime(Shape):
    """How an instance ends."""

    table: ClassVar[Table] = json_table(8, "runtime")

    enable_crash_block: Annotated[bool | None, "Whether a crashed instance is kept."] = None
    termination_grace_period: Annotated[Any, "Seconds that an instance has to end."] = None


@dataclass(frozen=True, kw_only=True)
class Unit(Shape):
    """An instance of several machines."""

    table: ClassVar[Table] = json_table(9, "unit")

    size: Annotated[int | None, "Machines of one instance; 2 by default."] = None


@dataclass(frozen=True, kw_only=True)
class MaxComputeSink(Shape):
    """A table."""

    table: ClassVar[Table] = json_table(12, "sinker.config.maxcompute", Proof.INFERRED)

    project: Annotated[str, "The project."]
    table_name: Annotated[str, "The table."] = field(metadata={"name": "table"})


@dataclass(frozen=True, kw_only=True)
class SlsSink(Shape):
    """A log store."""

    table: ClassVar[Table] = json_table(13, "sinker.config.sls", Proof.INFERRED)

    project: Annotated[str, "The project."]
    logstore: Annotated[str, "The log store."]


@dataclass(frozen=True, kw_only=True)
class SinkerConfig(Shape):
    """Where requests and answers are kept."""

    table: ClassVar[Table] = json_table(11, "sinker.config", Proof.INFERRED)

    maxcompute: Annotated[MaxComputeSink | None, "A table."] = None
    sls: Annotated[SlsSink | None, "A log store."] = None


@dataclass(frozen=True, kw_only=True)
class Sinker(Shape):
    """That requests and answers are kept."""

    table: ClassVar[Table] = json_table(10, "sinker")

    type: Annotated[str | None, "maxcompute or sls."] = None
    config: Annotated[SinkerConfig | None, "Where they are kept."] = None


@dataclass(frozen=True, kw_only=True)
class Confidential(Shape):
    """Encrypted models."""

    table: ClassVar[Table] = json_table(14, "confidential")

    trustee_endpoint: Annotated[str | None, "Who keeps the key."] = None
    decryption_key: Annotated[str | None, "Where the key is."] = None


@dataclass(frozen=True, kw_only=True)
class ServiceDescription(Shape):
    """service.json: the body of CreateService, and the file that `eascmd create` reads."""

    table: ClassVar[Table] = json_table(1, "parameters")

    metadata: Annotated[Metadata, "What the service is and what each instance gets."]
    name: Annotated[str | None, "Name of the service, in the older form."] = None
    cloud: Annotated[Cloud | None, "Machines and network."] = None
    containers: Annotated[list[Container] | None, "Containers, when an image is deployed."] = None
    dockerAuth: Annotated[str | None, "user:password of a private registry, in base64."] = None
    networking: Annotated[Networking | None, "How requests reach the service."] = None
    storage: Annotated[list[Storage] | None, "What is mounted."] = None
    token: Annotated[str | None, "What callers send; made when absent."] = None
    generate_token: Annotated[Any, "true or false, as a text: whether a token is made."] = None
    model_path: Annotated[str | None, "Where the model is: object path, or URL of an archive."] = (
        None
    )
    oss_endpoint: Annotated[str | None, "Endpoint of the object storage in another region."] = None
    model_entry: Annotated[str | None, "File of the model that the processor is given."] = None
    model_config: Annotated[Any, "Text that the processor is given."] = None
    processor: Annotated[str | None, "Code of a built-in processor."] = None
    processor_path: Annotated[str | None, "Where a custom processor is."] = None
    processor_entry: Annotated[str | None, "Its main file, in C++ and Python."] = None
    processor_mainclass: Annotated[str | None, "Its main class, in Java."] = None
    processor_type: Annotated[str | None, "Its language: cpp, java or python."] = None
    processor_params: Annotated[list[str] | None, "Arguments of the processor triton."] = None
    warm_up_data_path: Annotated[str | None, "Requests that warm an instance up."] = None
    runtime: Annotated[Runtime | None, "How an instance ends."] = None
    autoscaler: Annotated[Autoscaler | None, "How many instances run, by their load."] = None
    labels: Annotated[dict[str, str] | None, "Labels of the service."] = None
    unit: Annotated[Unit | None, "An instance of several machines."] = None
    sinker: Annotated[Sinker | None, "That requests and answers are kept."] = None
    confidential: Annotated[Confidential | None, "Encrypted models."] = None
    features: Annotated[dict[str, Any] | None, "Switches by name; the names have dots."] = None
    aimaster: Annotated[dict[str, Any] | None, "Watches instances of several machines."] = None
    role_arn: Annotated[str | None, "Role that the service has, in older files."] = None
    queue: Annotated[Any, "Queue of an Async service; its keys are not public."] = None
