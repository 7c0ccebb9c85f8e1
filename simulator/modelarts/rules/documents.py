"""Sound documents: what the examples of rules start from.

The first seven are the example requests of Deploying Services; a test compares them with the
page's own.
"""

from __future__ import annotations

from typing import Any

from simulator.modelarts.rules.facts import Facts, ModelFacts, PoolFacts

Document = dict[str, Any]

_OLD_POOL = "8abf68a969c3cb3a0169c4acb24b0000"


def _version(model_id: str, **more: Any) -> Document:
    return {
        "model_id": model_id,
        "specification": "modelarts.vm.cpu.2u",
        "instance_count": 1,
    } | more


def _service(kind: str, *versions: Document, **more: Any) -> Document:
    return {
        "service_name": "mnist",
        "description": "",
        "infer_type": kind,
        "config": list(versions),
    } | more


def _batch(**more: Any) -> Document:
    paths = {
        "src_path": "https://infers-data.obs.xxxxx.com/xgboosterdata/",
        "dest_path": "https://infers-data.obs.xxxxx.com/output/",
        "req_uri": "/",
    }
    return _version("598b913a-af3e-41ba-a1b5-bf065320f1e2", **paths, **more)


def _column(index: int) -> Document:
    return {"type": "number", "index": index}


MAPPING_RULE: Document = {
    "type": "object",
    "properties": {
        "data": {
            "type": "object",
            "properties": {
                "req_data": {
                    "type": "array",
                    "items": [
                        {
                            "type": "object",
                            "properties": {
                                "input5": _column(0),
                                "input4": _column(1),
                                "input3": _column(2),
                                "input2": _column(3),
                                "input1": _column(4),
                            },
                        }
                    ],
                }
            },
        }
    },
}
_CUSTOM_SPEC = {"cpu": 1.5, "memory": 7500, "gpu_p4": 0, "ascend_a310": 0}
_NOTIFIED: Document = {
    "smn_notification": {"status": {"topic_urn": "urn:smn:local:topic", "events": [1, 3, 7, 11]}},
    "log_report_channels": [
        {
            "type": "LTS",
            "configuration": {"log_group_id": "g" * 64, "log_stream_id": "s" * 64},
        }
    ],
    "websocket_upgrade": False,
}
_DEDICATED = _version(
    "eb6a4a8c-5713-4a27-b8ed-c7e694499af5",
    weight="100",
    cluster_id=_OLD_POOL,
    specification="custom",
    custom_spec=_CUSTOM_SPEC,
)
_FULL_VERSION = _version(
    "xxxmodel-idxxx",
    weight=100,
    envs={"model_name": "mxnet-model-1"},
    deploy_timeout_in_seconds=1200,
    pool_name="pool-1",
    affinity={"node_affinity": {"mode": "preferred"}},
    additional_properties={
        "log_volume": [{"host_path": "/var/log/model", "mount_path": "/logs"}],
        "max_surge": 1,
        "max_unavailable": 0,
        "termination_grace_period_seconds": 240,
        "persistent_volumes": [
            {
                "name": "data",
                "mount_path": "/data",
                "storage_type": "sfs_turbo",
                "source_address": "turbo-1",
            }
        ],
    },
)

DOCUMENTS: dict[str, Document] = {
    "real-time": _service(
        "real-time",
        _version("0e07b41b-173e-42db-8c16-8e1b44cc0d44", weight=100),
        description="mnist service",
    ),
    "two-versions": _service(
        "real-time",
        _version(
            "xxxmodel-idxxx",
            weight="70",
            envs={"model_name": "mxnet-model-1", "load_epoch": "0"},
        ),
        _version("xxxxxx", weight="30"),
        description="mnist service",
    ),
    "dedicated-custom": _service(
        "real-time", _DEDICATED, service_name="realtime-demo", cluster_id=_OLD_POOL
    ),
    "auto-stop": _service(
        "real-time",
        _version("xxxmodel-idxxx", weight="100"),
        service_name="service-demo",
        description="demo",
        schedule=[{"type": "stop", "time_unit": "HOURS", "duration": 1}],
    ),
    "batch-file": _service(
        "batch",
        _batch(mapping_type="file"),
        service_name="batchservicetest",
        cluster_id="8abf68a969c3cb3a0169c4acb24b****",
    ),
    "batch-csv": _service(
        "batch",
        _batch(mapping_type="csv", mapping_rule=MAPPING_RULE),
        service_name="batchservicetest",
    ),
    "edge": _service(
        "edge",
        _version(
            "eb6a4a8c-5713-4a27-b8ed-c7e694499af5",
            specification="custom",
            custom_spec=_CUSTOM_SPEC,
            envs={},
            nodes=["2r8c4fb9-t497-40u3-89yf-skui77db0472"],
        ),
        service_name="service-edge-demo",
    ),
    "notified": _service(
        "real-time", _version("xxxmodel-idxxx", weight=100), additional_properties=_NOTIFIED
    ),
    "websocket": _service(
        "real-time",
        _version("speaks-websocket", weight=100),
        additional_properties={"smn_notification": {}, "websocket_upgrade": True},
    ),
    "multi-pool": _service(
        "real-time",
        _version("xxxmodel-idxxx", weight=100, instance_count=2),
        cluster_id="pool-a,pool-b",
    ),
    "manifest-file": _service(
        "batch",
        _batch(mapping_type="file")
        | {"src_type": "ManifestFile", "src_path": "obs://bucket/in/all.manifest"},
    ),
    "full": _service(
        "real-time",
        _FULL_VERSION,
        workspace_id="0",
        schedule=[{"type": "stop", "time_unit": "DAYS", "duration": 2}],
        pool_name="pool-1",
        vpc_id="",
        subnet_network_id="",
        security_group_id="",
        load_balancer_policy="ROUND_ROBIN",
        priority=1,
        additional_properties=_NOTIFIED,
        **{"x-drydock": {"traffic_limit": 50, "data_collection": False}},
    ),
    "update-description": {"description": "a better one"},
    "update-status": {"status": "stopped"},
    "update-weights": {
        "config": [_version("xxxmodel-idxxx", weight=60), _version("xxxxxx", weight=40)]
    },
    "update-full": {
        "schedule": [{"type": "stop", "time_unit": "DAYS", "duration": 2}],
        "description": "",
        "config": [_FULL_VERSION],
        "additional_properties": _NOTIFIED,
        "load_balancer_policy": "SOURCE_IP",
        "priority": 2,
        "vpc_id": "",
        "subnet_network_id": "",
        "security_group_id": "",
        "service_secrets": [],
    },
    "model": {
        "model_name": "mnist",
        "model_version": "0.0.1",
        "model_type": "TensorFlow",
        "source_location": "https://models.obs.xxxxx.com/mnist/",
    },
    "model-full": {
        "model_name": "mnist",
        "model_version": "0.0.1",
        "source_location": "https://models.obs.xxxxx.com/mnist/",
        "source_type": "auto",
        "model_type": "TensorFlow",
        "runtime": "python3.6",
        "description": "",
        "model_algorithm": "image_classification",
        "execution_code": "https://models.obs.xxxxx.com/mnist/code/",
        "input_params": [
            {
                "url": "/",
                "method": "post",
                "protocol": "http",
                "param_name": "data",
                "param_type": "number",
                "min": 0,
                "max": 1,
                "param_desc": "a pixel",
            }
        ],
        "output_params": [
            {
                "url": "/",
                "method": "post",
                "protocol": "http",
                "param_name": "digit",
                "param_type": "integer",
                "min": 0,
                "max": 9,
                "param_desc": "what it shows",
            }
        ],
        "dependencies": [
            {
                "installer": "pip",
                "packages": [
                    {
                        "package_name": "numpy",
                        "package_version": "1.17.0",
                        "restraint": "EXACT",
                    }
                ],
            }
        ],
        "model_metrics": "{}",
        "apis": [],
        "initial_config": "{}",
        "workspace_id": "0",
        "model_docs": [{"doc_url": "https://example.com", "doc_name": "guide"}],
        "install_type": ["real-time", "batch"],
        "template": {},
        "source_job_id": "job-1",
        "source_job_version": "v1",
    },
    "config-json": {
        "model_algorithm": "image_classification",
        "model_type": "TensorFlow",
        "runtime": "python3.6",
        "metrics": {"f1": 0.9},
        "apis": [
            {
                "url": "/",
                "method": "post",
                "protocol": "http",
                "request": {"Content-type": "application/json", "data": {"type": "object"}},
                "response": {"Content-type": "application/json", "data": {"type": "object"}},
            }
        ],
        "dependencies": [{"installer": "pip", "packages": []}],
    },
    "config-json-image": {
        "model_type": "Image",
        "swr_location": "swr.example.com/team/model:1.0",
        "apis": [{"url": "/predict", "method": "post"}],
        "port": 8080,
        "protocol": "http",
        **{
            name: {
                "check_method": "HTTP",
                "url": "/health",
                "protocol": "http",
                "command": "",
                "initial_delay_seconds": "12",
                "timeout_seconds": "3",
                "period_seconds": "5",
                "failure_threshold": "12",
            }
            for name in ("health", "readiness_health", "startup_health")
        },
    },
    "manifest": {
        "name": "test.manifest",
        "lines": [
            {"source": "obs://test/data/1.jpg"},
            {"source": "s3://test/data/2.jpg"},
            {"source": "https://infers-data.obs.xxx.com:443/xgboosterdata/data.csv?AccessKeyId=x"},
        ],
    },
    "batch-input": {"name": "1.jpg", "size_bytes": 1000, "mapping_type": "file"},
    "prediction": {
        "body_bytes": 1000,
        "seconds_to_first_byte": 0.1,
        "calls_in_this_second": 1,
        "traffic_limit": 100,
    },
}

_MODEL_IDS = (
    "0e07b41b-173e-42db-8c16-8e1b44cc0d44",
    "xxxmodel-idxxx",
    "xxxxxx",
    "eb6a4a8c-5713-4a27-b8ed-c7e694499af5",
    "598b913a-af3e-41ba-a1b5-bf065320f1e2",
)
_ONE_FILE = {"/": {"images": "file"}}
FACTS = Facts(
    status="running",
    models={model_id: ModelFacts(apis=_ONE_FILE) for model_id in _MODEL_IDS}
    | {"speaks-websocket": ModelFacts(type="Image", websocket=True)},
    pools={
        name: PoolFacts()
        for name in (_OLD_POOL, "8abf68a969c3cb3a0169c4acb24b****", "pool-a", "pool-b")
    }
    | {"pool-1": PoolFacts(generation="new")},
)
"""A world in which every sound document is admitted."""
