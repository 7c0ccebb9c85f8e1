"""Sound documents: what the examples of rules start from. All keys are nested."""

from __future__ import annotations

import copy
from typing import Any

from simulator.eas.rules.facts import EasFacts

Document = dict[str, Any]

IMAGE = "eas-registry-vpc.cn-shanghai.cr.aliyuncs.com/pai-eas/python-inference:py39"


def _service(name: str, *parts: Document, **metadata: Any) -> Document:
    """A description of 2 instances; parts may not share keys."""
    sizes = {"cpu": 2, "memory": 4000}
    whole: Document = {"metadata": {"name": name, "instance": 2, **sizes, **metadata}}
    for part in parts:
        assert not set(part) & set(whole)
        whole |= copy.deepcopy(part)
    return whole


def _probe(**more: Any) -> Document:
    """One of the checks, with all its numbers said."""
    return {
        "initial_delay_seconds": 0,
        "period_seconds": 10,
        "timeout_seconds": 1,
        "success_threshold": 1,
        "failure_threshold": 3,
        **more,
    }


_HTTP: Document = {"http_get": {"path": "/", "port": 8000, "scheme": "HTTP"}}
_TCP: Document = {"tcp_socket": {"port": 8000}}
_EXEC: Document = {"exec": {"command": ["cat", "/tmp/ready"]}}
_CONTAINERS: Document = {"containers": [{"image": IMAGE, "script": "python app.py", "port": 8000}]}
_BUILT_IN: Document = {"processor": "pmml", "model_path": "oss://bucket/model/lr.pmml"}
_CUSTOM: Document = {
    "processor_type": "python",
    "processor_entry": "./app.py",
    "processor_path": "oss://bucket/processor/app.tar.gz",
    "model_path": "oss://bucket/model/",
}
_FULL_CONTAINERS: Document = {
    "containers": [
        {
            "image": "team-registry.cn-shanghai.cr.aliyuncs.com/team/model:1.0",
            "script": "python app.py",
            "port": 8000,
            "args": ["--workers", 2],
            "env": [{"name": "MODE", "value": "serve"}],
            "prepare": {
                "pythonRequirements": ["numpy==1.26.4"],
                "pythonRequirementsPath": "/mnt/code/requirements.txt",
            },
            "startup_check": _probe(**_HTTP),
            "liveness_check": _probe(**_TCP),
            "health_check": _probe(**_EXEC, success_threshold=2),
            "resources": {"limits": {"cpu": 2}},
        },
        {
            "image": IMAGE,
            "command": "sleep infinity",
            "startup_check": _probe(**_TCP),
            "liveness_check": _probe(**_EXEC),
            "health_check": _probe(**_HTTP),
        },
        {
            "image": IMAGE,
            "command": "sleep infinity",
            "startup_check": _probe(exec={"command": "true"}),
            "liveness_check": _probe(**_HTTP),
            "health_check": _probe(**_TCP),
        },
    ]
}
_FULL_STORAGE: Document = {
    "storage": [
        {
            "mount_path": "/mnt/oss",
            "properties": {"resource_type": "model", "resource_use": "base"},
            "oss": {
                "path": "oss://bucket/model/",
                "readOnly": True,
                "endpoint": "oss-cn-shanghai-internal.aliyuncs.com",
            },
        },
        {
            "mount_path": "/mnt/nas",
            "nfs": {
                "server": "0a1b2c.cn-shanghai.nas.aliyuncs.com",
                "path": "/models",
                "readOnly": False,
                "resourceGroup": "eas-r-1",
            },
        },
        {
            "mount_path": "/mnt/dataset",
            "dataset": {"id": "d-1", "version": "v1", "read_only": True},
        },
        {
            "mount_path": "/mnt/git",
            "git": {
                "repo": "https://example.com/team/code.git",
                "branch": "master",
                "commit": "0a1b2c3",
                "username": "reader",
                "password": "",
            },
        },
        {"mount_path": "/mnt/code", "code": {"id": "code-1"}},
        {"mount_path": "/mnt/image", "image": {"image": IMAGE, "path": "/data"}},
        {"mount_path": "/dev/shm", "empty_dir": {"medium": "memory", "size_limit": 16}},
    ]
}
_FULL_METADATA: Document = {
    "workspace_id": 12345,
    "gpu": 1,
    "qos": "BestEffort",
    "resource": "eas-r-1",
    "quota_id": "",
    "resource_burstable": True,
    "resource_rebalancing": False,
    "workload_type": "elasticjob",
    "type": "Standard",
    "group": "demo",
    "gateway": "gw-1",
    "release": False,
    "region": "cn-shanghai",
    "cuda": "11.2",
    "rdma": 1,
    "enable_grpc": False,
    "enable_webservice": False,
    "disk": "30Gi",
    "shm_size": 16,
    "rpc": {
        "keepalive": 600000,
        "max_queue_size": 64,
        "worker_threads": 5,
        "io_threads": 4,
        "rate_limit": 0,
        "enable_sigterm": True,
        "enable_jemalloc": 1,
    },
    "eas": {"termination_grace_period": 30},
    "scheduling": {"spread": {"policy": "host"}},
    "rolling_strategy": {"max_surge": "2%", "max_unavailable": 1},
}
_FULL_REST: Document = {
    "cloud": {
        "computing": {"instance_type": "ecs.gn7i-c8g1.2xlarge"},
        "networking": {"vpc_id": "vpc-1", "vswitch_id": "vsw-1", "security_group_id": "sg-1"},
    },
    "dockerAuth": "dXNlcjpwYXNzd29yZA==",
    "networking": {
        "gateway": "gw-1",
        "gateway_policy": {
            "rate_limit": {"enable": True, "limit": 100},
            "concurrency_limit": {"enable": True, "limit": 50},
        },
        "nlb": [{"id": "default", "listener_port": 9000, "netType": "intranet"}],
    },
    "token": "bWFkZSB1cA",
    "runtime": {"enable_crash_block": False, "termination_grace_period": 60},
    "autoscaler": {
        "min": 1,
        "max": 10,
        "scaleStrategies": [{"metricName": "qps", "threshold": 10, "service": "demo"}],
    },
    "labels": {"team": "vision"},
    "unit": {"size": 2},
    "sinker": {
        "type": "maxcompute",
        "config": {
            "maxcompute": {"project": "records", "table": "requests"},
            "sls": {"project": "records", "logstore": "requests"},
        },
    },
    "confidential": {"trustee_endpoint": "https://trustee.example.com", "decryption_key": "k-1"},
    "features": {"eas.aliyun.com/extra-ephemeral-storage": "100Gi"},
    "aimaster": {"enabled": True},
    "role_arn": "acs:ram::1234567890:role/eas",
}

DOCUMENTS: dict[str, Document] = {
    "image": _service("demo", _CONTAINERS),
    "web-app": _service(
        "demo_ui",
        {
            **_CONTAINERS,
            "storage": [{"mount_path": "/code/data", "oss": {"path": "oss://bucket/data/"}}],
        },
        enable_webservice=True,
        rpc={"keepalive": 60000},
    ),
    "built-in-processor": _service("lr_model", _BUILT_IN),
    "batching": _service(
        "resnet",
        {"processor": "tensorflow_gpu_1.15", "model_path": "https://example.com/resnet.tar.gz"},
        gpu=1,
        rpc={"batching": True, "max_batch_size": 16, "max_batch_timeout": 50},
    ),
    "custom-processor": _service("scorer", _CUSTOM),
    "java-processor": _service(
        "scorer",
        {
            "processor_type": "java",
            "processor_mainclass": "com.example.Scorer",
            "processor_path": "oss://bucket/processor/scorer.zip",
        },
    ),
    "triton": _service(
        "ensemble",
        {
            "processor": "triton",
            "processor_params": ["--log-verbose=1"],
            "model_path": "oss://bucket/models/",
        },
    ),
    "older-form": {
        "name": "lr_model",
        "generate_token": "true",
        **_BUILT_IN,
        "metadata": {"instance": 1, "cpu": 1, "memory": 2000},
    },
    "async": _service(
        "painter",
        {
            **_CONTAINERS,
            "autoscaler": {"min": 0, "max": 10, "strategies": {"queue[avgbacklog]": 10}},
            "queue": {"cpu": 1, "memory": 4000, "min_replica": 1, "sink": {"auto_evict": True}},
        },
        type="Async",
        rpc={"worker_threads": 1, "proxy_path": "/"},
    ),
    "spot": _service(
        "cheap",
        {
            **_CONTAINERS,
            "cloud": {
                "computing": {
                    "instances": [
                        {"type": "ecs.c7a.large", "spot_price_limit": 0.2, "capacity": "80%"},
                        {"dedicated_resource": "eas-r-1", "capacity": 1},
                    ],
                    "disable_spot_protection_period": True,
                }
            },
        },
    ),
    "dedicated": _service("private", _CONTAINERS, resource="eas-r-1"),
    "gpu-slice": _service(
        "shared", _CONTAINERS, resource="eas-r-1", gpu=0, gpu_memory=4, gpu_core_percentage=20
    ),
    "autoscaled": _service(
        "elastic",
        {
            **_CONTAINERS,
            "autoscaler": {
                "min": 0,
                "max": 10,
                "strategies": {"qps": 10, "cpu": 50},
                "behavior": {
                    "scaleUp": {"stabilizationWindowSeconds": 0},
                    "scaleDown": {"stabilizationWindowSeconds": 300},
                    "onZero": {
                        "scaleDownGracePeriodSeconds": 600,
                        "scaleUpActivationReplicas": 1,
                        "interceptTraffic": True,
                    },
                },
            },
        },
    ),
    "full-processor": _service(
        "scorer_full",
        {
            **_CUSTOM,
            "processor_type": "cpp",
            "processor_entry": "libscorer.so",
            "oss_endpoint": "oss-cn-shanghai-internal.aliyuncs.com",
            "model_entry": "model/main.bin",
            "model_config": {"threshold": 0.5},
            "warm_up_data_path": "oss://bucket/warm-up.bin",
        },
        region="cn-shanghai",
    ),
    "full": _service("demo_full", _FULL_CONTAINERS, _FULL_STORAGE, _FULL_REST, **_FULL_METADATA),
}

FACTS = EasFacts(datasets={"d-1": "NAS"})
"""A world in which every sound document is admitted."""
