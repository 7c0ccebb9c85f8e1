"""Documents at the edges of single rules, and what is told of each: no more and no less."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.rules.rule import REMOVED


@dataclass(frozen=True)
class Edge:
    """A sound document with some changes.

    Attributes:
        base: the sound document.
        changes: JSON pointer to what is put there.
        told: number of each rule that says something, and where; in the order of the rules.
        readings: those chosen.
    """

    base: str
    changes: dict[str, Any]
    told: tuple[str, ...]
    readings: dict[str, str] = field(default_factory=dict)


EDGES = {
    "names and what is deployed": (
        Edge("image", {"/name": "demo"}, ()),
        Edge("image", {"/name": "other"}, ("004 /name",)),
        Edge("image", {"/metadata/name": "", "/name": "demo"}, ()),
        Edge("older-form", {"/name": "ab"}, ("006 /name",)),
        Edge("older-form", {"/name": "ab"}, ("005 /name",), {"name-length": "refused"}),
        Edge("older-form", {"/name": REMOVED}, ("001 /metadata/name",)),
        Edge("image", {"/containers": []}, ("007 ",)),
        Edge("image", {"/containers": REMOVED, "/metadata/type": "LLM"}, ("058 /metadata/type",)),
        Edge("image", {"/containers": [], "/processor": "pmml", "/model_path": "oss://b/m"}, ()),
        Edge("image", {"/processor": "pmml", "/model_path": "oss://b/m"}, ("008 /containers",)),
        Edge("built-in-processor", {"/metadata/enable_webservice": False}, ()),
        Edge(
            "built-in-processor", {"/processor": "", "/metadata/enable_webservice": True}, ("007 ",)
        ),
    ),
    "processors": (
        Edge("built-in-processor", {"/processor": "", "/model_path": REMOVED}, ("007 ",)),
        Edge(
            "built-in-processor",
            {
                "/model_path": REMOVED,
                "/storage": [{"mount_path": "/m", "oss": {"path": "oss://b/"}}],
            },
            (),
        ),
        Edge(
            "custom-processor",
            {"/model_path": REMOVED},
            ("010 /model_path",),
            {"processor-model": "all"},
        ),
        Edge(
            "custom-processor",
            {
                "/model_path": REMOVED,
                "/storage": [{"mount_path": "/m", "oss": {"path": "oss://b/"}}],
            },
            (),
            {"processor-model": "all"},
        ),
        Edge(
            "custom-processor",
            {"/model_path": REMOVED, "/processor": "pmml"},
            ("009 /model_path", "019 /processor_path"),
            {"processor-model": "all"},
        ),
        Edge("image", {}, (), {"processor-model": "all"}),
        Edge(
            "custom-processor",
            {"/processor_path": "", "/processor_type": ""},
            ("012 /processor_type", "015 /processor_path"),
        ),
        Edge(
            "custom-processor",
            {
                "/processor_path": REMOVED,
                "/storage": [{"mount_path": "/m", "oss": {"path": "oss://b/"}}],
            },
            (),
        ),
        Edge(
            "custom-processor",
            {
                "/processor_path": REMOVED,
                "/containers": [
                    {
                        "image": "eas-registry-vpc.cn-shanghai.cr.aliyuncs.com/a/b:1",
                        "script": "run",
                        "port": 8000,
                    }
                ],
            },
            ("008 /containers",),
        ),
        Edge("custom-processor", {"/processor_type": "go"}, ("012 /processor_type",)),
        Edge(
            "custom-processor",
            {"/processor_type": "go", "/processor_mainclass": "a.B"},
            ("012 /processor_type",),
        ),
        Edge("java-processor", {"/processor_entry": "app.py"}, ("016 /processor_entry",)),
        Edge("java-processor", {"/processor_mainclass": ""}, ("014 /processor_mainclass",)),
        Edge(
            "custom-processor",
            {"/processor_type": "cpp", "/processor_entry": ""},
            ("013 /processor_entry",),
        ),
        Edge(
            "built-in-processor",
            {"/processor": "", "/processor_path": "oss://b/p.zip"},
            ("011 /processor_type",),
        ),
        Edge("custom-processor", {"/processor": "pmml"}, ("019 /processor_path",)),
        Edge("built-in-processor", {"/processor_params": []}, ()),
        Edge("built-in-processor", {"/processor_params": ["-v"]}, ("020 /processor_params",)),
        Edge("built-in-processor", {"/processor": "tensorflow_gpu_1.15"}, ("022 /processor",)),
        Edge(
            "built-in-processor",
            {"/processor": "pytorch_cu118"},
            ("018 /processor", "022 /processor"),
        ),
        Edge(
            "built-in-processor", {"/processor": "cuda_thing"}, ("018 /processor", "022 /processor")
        ),
        Edge("built-in-processor", {"/processor": "tensorflow_cpu_1.15"}, ()),
        Edge(
            "built-in-processor", {"/processor": "x_gpu", "/metadata/gpu": 1}, ("018 /processor",)
        ),
        Edge(
            "built-in-processor",
            {"/processor": "x_gpu", "/metadata/gpu": 0, "/metadata/gpu_memory": 4},
            ("018 /processor",),
        ),
        Edge(
            "built-in-processor",
            {"/processor": "x_gpu", "/metadata/resource": "eas-r-1"},
            ("018 /processor",),
        ),
        Edge(
            "built-in-processor",
            {
                "/processor": "x_gpu",
                "/cloud": {"computing": {"instance_type": "ecs.gn7i-c8g1.2xlarge"}},
            },
            ("018 /processor",),
        ),
        Edge(
            "built-in-processor",
            {
                "/processor": "x_gpu",
                "/cloud": {"computing": {"instances": [{"type": "ecs.gn7i-c8g1.2xlarge"}]}},
            },
            ("018 /processor",),
        ),
        Edge(
            "built-in-processor",
            {"/processor": "x_gpu", "/cloud": {"computing": {"instances": []}}},
            ("018 /processor", "022 /processor"),
        ),
    ),
    "where files come from": (
        Edge(
            "built-in-processor",
            {
                "/model_path": "/mnt/m/model.bin",
                "/storage": [{"mount_path": "/mnt/m/", "oss": {"path": "oss://b/"}}],
            },
            (),
        ),
        Edge(
            "built-in-processor",
            {
                "/model_path": "/mnt/m",
                "/storage": [{"mount_path": "/mnt/m/", "oss": {"path": "oss://b/"}}],
            },
            (),
        ),
        Edge(
            "built-in-processor",
            {
                "/model_path": "/mnt/more",
                "/storage": [{"mount_path": "/mnt/m", "oss": {"path": "oss://b/"}}],
            },
            ("030 /model_path",),
        ),
        Edge(
            "built-in-processor",
            {"/model_path": "/mnt/m", "/storage": [{"oss": {"path": "oss://b/"}}]},
            ("EAS-MUST-5001 /storage/0/mount_path", "030 /model_path"),
        ),
        Edge(
            "built-in-processor",
            {"/model_path": "x/model", "/storage": [{"oss": {"path": "oss://b/"}}]},
            ("EAS-MUST-5001 /storage/0/mount_path", "030 /model_path"),
        ),
        Edge(
            "built-in-processor",
            {
                "/model_path": "/mnt/m",
                "/storage": [{"mount_path": "/", "oss": {"path": "oss://b/"}}],
            },
            ("030 /model_path",),
        ),
        Edge("built-in-processor", {"/model_path": ""}, ("009 /model_path",)),
        Edge("built-in-processor", {"/model_path": "http://[.zip"}, ("031 /model_path",)),
        Edge("built-in-processor", {"/model_path": "http://example.com/a.TAR.GZ?x=1"}, ()),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-shanghai-internal.aliyuncs.com"},
            (),
            {"oss-endpoint": "own-internal"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-shanghai-internal.aliyuncs.com", "/metadata/region": REMOVED},
            (),
            {"oss-endpoint": "own-internal"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-shanghai-internal.aliyuncs.com"},
            ("034 /oss_endpoint",),
            {"oss-endpoint": "other-public"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-shanghai-internal.aliyuncs.com", "/metadata/region": REMOVED},
            ("034 /oss_endpoint",),
            {"oss-endpoint": "other-public"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-shanghai.aliyuncs.com"},
            ("034 /oss_endpoint",),
            {"oss-endpoint": "own-internal"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-shanghai.aliyuncs.com", "/metadata/region": REMOVED},
            ("034 /oss_endpoint",),
            {"oss-endpoint": "own-internal"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-shanghai.aliyuncs.com"},
            ("034 /oss_endpoint",),
            {"oss-endpoint": "other-public"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-shanghai.aliyuncs.com", "/metadata/region": REMOVED},
            (),
            {"oss-endpoint": "other-public"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-beijing-internal.aliyuncs.com"},
            ("034 /oss_endpoint",),
            {"oss-endpoint": "own-internal"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-beijing-internal.aliyuncs.com", "/metadata/region": REMOVED},
            (),
            {"oss-endpoint": "own-internal"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-beijing-internal.aliyuncs.com"},
            ("034 /oss_endpoint",),
            {"oss-endpoint": "other-public"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-beijing-internal.aliyuncs.com", "/metadata/region": REMOVED},
            ("034 /oss_endpoint",),
            {"oss-endpoint": "other-public"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-beijing.aliyuncs.com"},
            ("034 /oss_endpoint",),
            {"oss-endpoint": "own-internal"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-beijing.aliyuncs.com", "/metadata/region": REMOVED},
            ("034 /oss_endpoint",),
            {"oss-endpoint": "own-internal"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-beijing.aliyuncs.com"},
            (),
            {"oss-endpoint": "other-public"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-beijing.aliyuncs.com", "/metadata/region": REMOVED},
            (),
            {"oss-endpoint": "other-public"},
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "https://oss-cn-shanghai-internal.aliyuncs.com/"},
            (),
        ),
        Edge("full-processor", {"/oss_endpoint": "my-bucket1.oss-cn-shanghai.aliyuncs.com"}, ()),
        Edge(
            "full-processor",
            {"/oss_endpoint": "b.c.oss-cn-shanghai.aliyuncs.com"},
            ("034 /oss_endpoint",),
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "oss-cn-shanghai.aliyuncs.com.evil.com"},
            ("034 /oss_endpoint",),
        ),
        Edge(
            "full-processor",
            {"/oss_endpoint": "http://oss-cn-shanghai.aliyuncs.com:80"},
            ("034 /oss_endpoint",),
        ),
        Edge("full-processor", {"/oss_endpoint": "oss-cn-shanghai-finance-1.aliyuncs.com"}, ()),
        Edge("full", {"/dockerAuth": ""}, ()),
        Edge("full", {"/dockerAuth": "YTpi"}, ()),
        Edge("full", {"/dockerAuth": "OmE="}, ("035 /dockerAuth",)),
        Edge("full", {"/dockerAuth": "YWI="}, ("035 /dockerAuth",)),
        Edge("full", {"/dockerAuth": "dXNlcjp*wYXNzd29yZA=="}, ("035 /dockerAuth",)),
        Edge("full", {"/dockerAuth": "YTo="}, ()),
        Edge("older-form", {"/generate_token": "true"}, ()),
        Edge("older-form", {"/generate_token": "false"}, ()),
        Edge("older-form", {"/generate_token": True}, ()),
        Edge("older-form", {"/generate_token": False}, ()),
        Edge("older-form", {"/generate_token": "True"}, ("036 /generate_token",)),
        Edge("older-form", {"/generate_token": 1}, ("036 /generate_token",)),
        Edge("older-form", {"/generate_token": 0}, ("036 /generate_token",)),
        Edge("full", {"/runtime/termination_grace_period": 0}, ()),
        Edge(
            "full",
            {"/runtime/termination_grace_period": -1},
            ("040 /runtime/termination_grace_period",),
        ),
        Edge("full", {"/runtime/termination_grace_period": 1}, ()),
        Edge(
            "full",
            {"/runtime/termination_grace_period": True},
            ("040 /runtime/termination_grace_period",),
        ),
        Edge(
            "full",
            {"/runtime/termination_grace_period": "5"},
            ("040 /runtime/termination_grace_period",),
        ),
        Edge(
            "full",
            {"/runtime/termination_grace_period": 1.5},
            ("040 /runtime/termination_grace_period",),
        ),
        Edge(
            "full",
            {
                "/sinker/type": "sls",
                "/sinker/config": {"maxcompute": {"project": "p", "table": "t"}},
            },
            ("038 /sinker/config/sls",),
        ),
        Edge("full", {"/sinker/config": REMOVED}, ("038 /sinker/config/maxcompute",)),
    ),
    "metadata": (
        Edge("image", {"/metadata/disk": 1}, ()),
        Edge("image", {"/metadata/disk": 0}, ("062 /metadata/disk",)),
        Edge("image", {"/metadata/disk": 30}, ()),
        Edge("image", {"/metadata/disk": True}, ("062 /metadata/disk",)),
        Edge("image", {"/metadata/disk": "30"}, ()),
        Edge("image", {"/metadata/disk": "3"}, ()),
        Edge("image", {"/metadata/disk": "30Ki"}, ()),
        Edge("image", {"/metadata/disk": "5M"}, ()),
        Edge("image", {"/metadata/disk": "5Mi"}, ()),
        Edge("image", {"/metadata/disk": "7G"}, ()),
        Edge("image", {"/metadata/disk": "2T"}, ()),
        Edge("image", {"/metadata/disk": "2Ti"}, ()),
        Edge("image", {"/metadata/disk": "1K"}, ()),
        Edge("image", {"/metadata/disk": "0"}, ("062 /metadata/disk",)),
        Edge("image", {"/metadata/disk": "30Pi"}, ("062 /metadata/disk",)),
        Edge("image", {"/metadata/disk": "Gi"}, ("062 /metadata/disk",)),
        Edge("image", {"/metadata/disk": "30gi"}, ("062 /metadata/disk",)),
        Edge(
            "image",
            {"/metadata/rolling_strategy": {"max_unavailable": 0, "max_surge": 0}},
            ("068 /metadata/rolling_strategy/max_unavailable",),
        ),
        Edge(
            "image",
            {"/metadata/rolling_strategy": {"max_unavailable": 0, "max_surge": "0%"}},
            ("068 /metadata/rolling_strategy/max_unavailable",),
        ),
        Edge("image", {"/metadata/rolling_strategy": {"max_unavailable": 0, "max_surge": 1}}, ()),
        Edge("image", {"/metadata/rolling_strategy": {"max_unavailable": 1, "max_surge": 0}}, ()),
        Edge("image", {"/metadata/rolling_strategy": {"max_unavailable": 0}}, ()),
        Edge(
            "image",
            {"/metadata/rolling_strategy": {"max_surge": "20%%"}},
            ("066 /metadata/rolling_strategy/max_surge",),
        ),
        Edge("image", {"/metadata/rolling_strategy": {"max_surge": "100%"}}, ()),
        Edge(
            "image",
            {"/metadata/rolling_strategy": {"max_surge": "101%"}},
            ("066 /metadata/rolling_strategy/max_surge",),
        ),
        Edge(
            "image",
            {"/metadata/rolling_strategy": {"max_surge": True}},
            ("066 /metadata/rolling_strategy/max_surge",),
        ),
        Edge("image", {"/metadata/rolling_strategy": {"max_surge": 0}}, ()),
        Edge(
            "image",
            {"/metadata/rolling_strategy": {"max_surge": -1}},
            ("066 /metadata/rolling_strategy/max_surge",),
        ),
        Edge("image", {"/metadata/resource_burstable": False}, ()),
        Edge(
            "image", {"/metadata/resource_burstable": True}, ("069 /metadata/resource_burstable",)
        ),
        Edge("image", {"/metadata/resource_burstable": True, "/metadata/quota_id": "q-1"}, ()),
        Edge(
            "image",
            {"/metadata/resource_rebalancing": True, "/metadata/resource_burstable": True},
            ("069 /metadata/resource_burstable",),
        ),
        Edge("image", {"/metadata/resource_rebalancing": True, "/metadata/quota_id": "q-1"}, ()),
        Edge("image", {"/metadata/gateway": ""}, ()),
        Edge("full", {"/metadata/gateway": ""}, ()),
        Edge("full", {"/networking/gateway": "", "/metadata/gateway": "gw-2"}, ()),
        Edge("full", {"/networking/gateway": ""}, ()),
        Edge(
            "full",
            {"/networking/gateway": "mine"},
            ("072 /metadata/gateway", "210 /networking/gateway"),
        ),
        Edge("image", {"/metadata/region": ""}, ()),
        Edge("image", {"/metadata/type": ""}, ()),
        Edge("image", {"/metadata/workspace_id": True}, ("052 /metadata/workspace_id",)),
        Edge("image", {"/metadata/workspace_id": "1"}, ()),
        Edge("image", {"/metadata/release": True}, ()),
        Edge("image", {"/metadata/release": False, "/metadata/group": "g"}, ()),
        Edge("image", {"/metadata/memory": 0}, ("054 /metadata/memory",)),
        Edge("image", {"/metadata/memory": 1}, ("055 /metadata/memory",)),
        Edge("image", {"/metadata/memory": 63}, ("055 /metadata/memory",)),
        Edge("image", {"/metadata/memory": 64}, ()),
    ),
    "machines and GPUs": (
        Edge("image", {"/metadata/cpu": REMOVED}, ("198 /metadata/cpu",)),
        Edge("image", {"/metadata/memory": REMOVED}, ("198 /metadata/memory",)),
        Edge(
            "image", {"/metadata/cpu": REMOVED, "/metadata/memory": REMOVED}, ("198 /metadata/cpu",)
        ),
        Edge("image", {"/metadata/cpu": REMOVED, "/metadata/resource": "eas-r-1"}, ()),
        Edge("image", {"/metadata/cpu": REMOVED, "/metadata/quota_id": "q-1"}, ()),
        Edge("async", {"/metadata/cpu": REMOVED}, ()),
        Edge(
            "image",
            {
                "/metadata/cpu": REMOVED,
                "/cloud": {"computing": {"instance_type": "ml.gu7i.c8m30.1-gu30"}},
            },
            (),
        ),
        Edge(
            "image",
            {
                "/metadata/cpu": REMOVED,
                "/cloud": {"computing": {"instances": [{"type": "ml.gu7i.c8m30.1-gu30"}]}},
            },
            (),
        ),
        Edge(
            "image", {"/metadata/cpu": REMOVED, "/cloud": {"computing": {}}}, ("198 /metadata/cpu",)
        ),
        Edge("image", {"/cloud": {"computing": {"instance_type": ""}}}, ()),
        Edge("spot", {"/cloud/computing/instance_type": ""}, ()),
        Edge(
            "spot",
            {
                "/cloud/computing/disable_spot_protection_period": False,
                "/cloud/computing/instances": [{"type": "ecs.c7a.large"}],
            },
            (),
        ),
        Edge(
            "spot",
            {"/cloud/computing/instances": REMOVED},
            ("197 /cloud/computing/disable_spot_protection_period",),
        ),
        Edge(
            "spot",
            {"/cloud/computing/instances": [{"spot_price_limit": 1}]},
            ("193 /cloud/computing/instances/0",),
        ),
        Edge(
            "spot",
            {
                "/cloud/computing/instances": [
                    {"type": "ecs.a", "dedicated_resource": "eas-r-1", "spot_price_limit": 1}
                ]
            },
            ("193 /cloud/computing/instances/0",),
        ),
        Edge(
            "spot",
            {
                "/cloud/computing/instances": [
                    {"type": "", "dedicated_resource": "eas-r-1", "spot_price_limit": 1}
                ]
            },
            ("196 /cloud/computing/instances/0/spot_price_limit",),
        ),
        Edge("gpu-slice", {"/metadata/gpu": REMOVED}, ()),
        Edge(
            "gpu-slice",
            {"/metadata/gpu": 2, "/metadata/gpu_memory": 0},
            ("181 /metadata/gpu_memory",),
        ),
        Edge(
            "gpu-slice",
            {"/metadata/gpu": 1, "/metadata/gpu_memory": REMOVED},
            ("184 /metadata/gpu_core_percentage",),
        ),
        Edge("gpu-slice", {"/metadata/gpu": 2}, ("183 /metadata/gpu_memory",)),
        Edge("image", {"/cloud": {"networking": {}}}, ()),
        Edge(
            "image",
            {"/cloud": {"networking": {"vpc_id": "vpc-1"}}},
            ("199 /cloud/networking/security_group_id", "199 /cloud/networking/vswitch_id"),
        ),
        Edge(
            "image",
            {"/cloud": {"networking": {"security_group_id": "sg-1"}}},
            ("199 /cloud/networking/vpc_id", "199 /cloud/networking/vswitch_id"),
        ),
        Edge("image", {"/cloud": {"networking": {"vpc_id": ""}}}, ()),
    ),
    "containers": (
        Edge("image", {"/containers/0/script": "serve --port=8080"}, ("105 /containers/0/script",)),
        Edge("image", {"/containers/0/script": "serve --port 9090"}, ("105 /containers/0/script",)),
        Edge("image", {"/containers/0/script": "serve -p 8080"}, ("105 /containers/0/script",)),
        Edge("image", {"/containers/0/script": "PORT=9090 serve"}, ("105 /containers/0/script",)),
        Edge("image", {"/containers/0/script": "serve [::]:8080"}, ("105 /containers/0/script",)),
        Edge(
            "image", {"/containers/0/script": "serve 0.0.0.0:9090"}, ("105 /containers/0/script",)
        ),
        Edge("image", {"/containers/0/script": "serve --port 80801"}, ()),
        Edge("image", {"/containers/0/script": "serve 127.0.0.1:8080"}, ()),
        Edge("image", {"/containers/0/script": "serve --port 8081"}, ()),
        Edge(
            "image",
            {"/containers/0/script": REMOVED, "/containers/0/command": "serve --port 8080"},
            ("105 /containers/0/command",),
        ),
        Edge("image", {"/containers/0/command": ""}, ()),
        Edge("image", {"/containers/0/command": "run"}, ("103 /containers/0/script",)),
        Edge(
            "image",
            {"/containers/0/script": "", "/containers/0/command": ""},
            ("102 /containers/0",),
        ),
        Edge("image", {"/containers/0/env": [{"name": "DB_PASSWORD"}]}, ()),
        Edge(
            "image",
            {"/containers/0/env": [{"name": "A", "value": "x\x00y"}, {"name": "B", "value": ""}]},
            ("107 /containers/0/env/0/name",),
        ),
        Edge("image", {"/containers/0/env": [{"name": "DB_PASSWORD", "value": ""}]}, ()),
        Edge(
            "image",
            {"/containers/0/env": [{"value": "a"}, {"value": "b"}]},
            ("EAS-MUST-3101 /containers/0/env/0/name", "EAS-MUST-3101 /containers/0/env/1/name"),
        ),
        Edge(
            "image",
            {"/containers/0/env": [{"value": "a"}, {"name": "x", "value": "b"}]},
            ("EAS-MUST-3101 /containers/0/env/0/name",),
        ),
        Edge(
            "image",
            {"/containers/0/env": [{"name": "x", "value": "b"}, {"name": "x"}]},
            ("109 /containers/0/env/1/name",),
        ),
        Edge("image", {"/containers/0/image": "localhost/a:1"}, ("104 /containers/0/image",)),
        Edge("image", {"/containers/0/image": "localhost:5000/a:1"}, ("104 /containers/0/image",)),
        Edge("image", {"/containers/0/image": "a:1"}, ("104 /containers/0/image",)),
        Edge("image", {"/containers/0/image": "team/a:1"}, ("104 /containers/0/image",)),
        Edge("image", {"/containers/0/image": "quay.io/team/a"}, ("104 /containers/0/image",)),
        Edge("image", {"/containers/0/image": "registry.example.com:443/a"}, ()),
        Edge("image", {"/containers/0/image": "ghcr.io/x/y"}, ("104 /containers/0/image",)),
    ),
    "probes": (
        Edge("image", {"/containers/0/health_check": {"http_get": {"path": "", "port": 8000}}}, ()),
        Edge(
            "image",
            {"/containers/0/health_check": {"http_get": {"path": "/a b", "port": 8000}}},
            ("151 /containers/0/health_check/http_get/path",),
        ),
        Edge(
            "image",
            {"/containers/0/health_check": {"http_get": {"path": "/a\tb", "port": 8000}}},
            ("151 /containers/0/health_check/http_get/path",),
        ),
        Edge(
            "image",
            {"/containers/0/health_check": {"http_get": {"path": "/a\nb", "port": 8000}}},
            ("151 /containers/0/health_check/http_get/path",),
        ),
        Edge(
            "image", {"/containers/0/health_check": {"http_get": {"path": "/", "port": 8000}}}, ()
        ),
        Edge(
            "image",
            {"/containers/0/health_check": {"http_get": {"path": "x", "port": 8000}}},
            ("151 /containers/0/health_check/http_get/path",),
        ),
        Edge(
            "image",
            {"/containers/0/liveness_check": {"exec": {"command": ""}}},
            ("134 /containers/0/liveness_check/exec/command",),
        ),
        Edge("image", {"/containers/0/liveness_check": {"exec": {"command": "cat"}}}, ()),
        Edge(
            "image",
            {"/containers/0/liveness_check": {"exec": {"command": []}}},
            ("134 /containers/0/liveness_check/exec/command",),
        ),
        Edge("image", {"/containers/0/liveness_check": {"exec": {"command": ["cat"]}}}, ()),
        Edge(
            "image",
            {"/containers/0/liveness_check": {"exec": {"command": ["cat", ""]}}},
            ("134 /containers/0/liveness_check/exec/command",),
        ),
        Edge(
            "image",
            {"/containers/0/liveness_check": {"exec": {"command": ["cat", 5]}}},
            ("134 /containers/0/liveness_check/exec/command",),
        ),
        Edge(
            "image",
            {"/containers/0/liveness_check": {"exec": {"command": [5]}}},
            ("134 /containers/0/liveness_check/exec/command",),
        ),
        Edge(
            "image",
            {"/containers/0/liveness_check": {"exec": {"command": 5}}},
            ("134 /containers/0/liveness_check/exec/command",),
        ),
        Edge(
            "image",
            {"/containers/0/liveness_check": {"exec": {"command": [""]}}},
            ("134 /containers/0/liveness_check/exec/command",),
        ),
        Edge(
            "image",
            {"/containers/0/startup_check": {"http_get": {"path": "/health", "port": 8000}}},
            ("120 /containers/0/startup_check/failure_threshold",),
            {"failure-threshold": "unknown"},
        ),
        Edge(
            "image",
            {
                "/containers/0/startup_check": {
                    "http_get": {"path": "/health", "port": 8000},
                    "failure_threshold": 3,
                }
            },
            (),
            {"failure-threshold": "unknown"},
        ),
        Edge(
            "image",
            {
                "/containers/0/startup_check": {
                    "http_get": {"path": "/health", "port": 8000},
                    "failure_threshold": "three",
                }
            },
            ("EAS-TYPE-3308 /containers/0/startup_check/failure_threshold",),
            {"failure-threshold": "unknown"},
        ),
        Edge(
            "image",
            {"/containers/0/startup_check": {"http_get": {"path": "/h", "port": 9090}}},
            ("121 /containers/0/startup_check/http_get/port",),
        ),
        Edge(
            "image",
            {"/containers/0/startup_check": {"http_get": {"path": "/h"}}},
            ("EAS-MUST-3402 /containers/0/startup_check/http_get/port",),
        ),
        Edge(
            "image",
            {"/containers/0/readiness_check": {"http_get": {"path": "/health", "port": 8000}}},
            ("170 /containers/0/readiness_check",),
        ),
        Edge(
            "image",
            {"/containers/0/readiness_check": {"http_get": {"path": "/health", "port": 8000}}},
            (),
            {"readiness-check": "both"},
        ),
    ),
    "the engine's settings": (
        Edge("image", {"/metadata/rpc": {"batching": False}}, ()),
        Edge("image", {"/metadata/rpc": {"batching": True}}, ("081 /metadata/rpc/batching",)),
        Edge(
            "custom-processor",
            {"/metadata/rpc": {"batching": True}},
            ("081 /metadata/rpc/batching",),
        ),
        Edge(
            "batching",
            {"/metadata/rpc/batching": False},
            ("082 /metadata/rpc/max_batch_size", "082 /metadata/rpc/max_batch_timeout"),
        ),
        Edge("async", {"/metadata/rpc/proxy_path": "/"}, ()),
        Edge("async", {"/metadata/rpc/proxy_path": "a/"}, ("090 /metadata/rpc/proxy_path",)),
        Edge("async", {"/metadata/rpc/proxy_path": "/a"}, ()),
        Edge("async", {"/metadata/rpc/proxy_path": 5}, ("090 /metadata/rpc/proxy_path",)),
    ),
    "networking": (
        Edge("full", {"/networking/gateway_policy/rate_limit": {"enable": False}}, ()),
        Edge(
            "full",
            {"/networking/gateway_policy/rate_limit": {"enable": True}},
            ("211 /networking/gateway_policy/rate_limit/limit",),
        ),
        Edge("full", {"/networking/gateway_policy/concurrency_limit": {"limit": 5}}, ()),
    ),
    "storage": (
        Edge(
            "image",
            {
                "/storage": [
                    {"mount_path": "/a", "oss": {"path": "oss://b/"}},
                    {"mount_path": "/a/b", "oss": {"path": "oss://b/"}},
                    {"mount_path": "/a/b/c", "oss": {"path": "oss://b/"}},
                ]
            },
            ("221 /storage/1/mount_path", "221 /storage/2/mount_path"),
        ),
        Edge(
            "image",
            {
                "/storage": [
                    {"mount_path": "/a/./b", "oss": {"path": "oss://b/"}},
                    {"mount_path": "/a/b/", "oss": {"path": "oss://b/"}},
                ]
            },
            ("221 /storage/1/mount_path",),
        ),
        Edge(
            "image",
            {
                "/storage": [
                    {"mount_path": "/a", "oss": {"path": "oss://b/"}},
                    {"mount_path": "/ab", "oss": {"path": "oss://b/"}},
                ]
            },
            (),
        ),
        Edge(
            "image",
            {
                "/storage": [
                    {"oss": {"path": "oss://b/"}},
                    {"mount_path": "/ab", "oss": {"path": "oss://b/"}},
                ]
            },
            ("EAS-MUST-5001 /storage/0/mount_path",),
        ),
        Edge(
            "image",
            {"/storage": [{"mount_path": "/a", "oss": {"path": "oss://"}}]},
            ("224 /storage/0/oss/path",),
        ),
        Edge(
            "image",
            {"/storage": [{"mount_path": "/a", "oss": {"path": "oss:///"}}]},
            ("224 /storage/0/oss/path",),
        ),
        Edge("image", {"/storage": [{"mount_path": "/a", "oss": {"path": "oss://b"}}]}, ()),
        Edge("image", {"/storage": [{"mount_path": "/a", "oss": {"path": "oss://b/k/"}}]}, ()),
        Edge(
            "image",
            {"/storage": [{"mount_path": "/a", "oss": {"path": "obs://b/"}}]},
            ("224 /storage/0/oss/path",),
        ),
        Edge(
            "image",
            {"/storage": [{"mount_path": "/a", "oss": {"path": "oss:/b/k"}}]},
            ("224 /storage/0/oss/path",),
        ),
        Edge(
            "image",
            {
                "/storage": [
                    {
                        "mount_path": "/a",
                        "oss": {
                            "path": "oss://b/",
                            "endpoint": "oss-cn-shanghai-internal.aliyuncs.com",
                        },
                    }
                ],
                "/metadata/region": "cn-shanghai",
            },
            (),
        ),
        Edge(
            "image",
            {
                "/storage": [
                    {
                        "mount_path": "/a",
                        "oss": {"path": "oss://b/", "endpoint": "oss-cn-shanghai.aliyuncs.com"},
                    }
                ],
                "/metadata/region": "cn-shanghai",
            },
            (),
        ),
        Edge(
            "image",
            {
                "/storage": [
                    {
                        "mount_path": "/a",
                        "oss": {
                            "path": "oss://b/",
                            "endpoint": "oss-cn-beijing-internal.aliyuncs.com",
                        },
                    }
                ],
                "/metadata/region": "cn-shanghai",
            },
            ("225 /storage/0/oss/endpoint",),
        ),
        Edge(
            "image",
            {
                "/storage": [
                    {
                        "mount_path": "/a",
                        "oss": {"path": "oss://b/", "endpoint": "storage.example.com"},
                    }
                ],
                "/metadata/region": "cn-shanghai",
            },
            (),
        ),
        Edge(
            "image",
            {
                "/storage": [
                    {
                        "mount_path": "/a",
                        "oss": {
                            "path": "oss://b/",
                            "endpoint": "oss-cn-beijing-internal.aliyuncs.com",
                        },
                    }
                ]
            },
            (),
        ),
        Edge(
            "image",
            {
                "/storage": [
                    {
                        "mount_path": "/a",
                        "nfs": {"server": "cpfs-1.cn-shanghai.nas.aliyuncs.com", "path": "/"},
                    }
                ]
            },
            ("227 /storage/0/nfs/server",),
        ),
        Edge(
            "image",
            {
                "/storage": [
                    {"mount_path": "/a", "nfs": {"server": "file.cpfs.example.com", "path": "/"}}
                ]
            },
            ("227 /storage/0/nfs/server",),
        ),
        Edge(
            "image",
            {
                "/storage": [
                    {"mount_path": "/a", "nfs": {"server": "cpfs.example.com", "path": "/"}}
                ]
            },
            (),
        ),
        Edge(
            "image",
            {"/storage": [{"mount_path": "/a", "nfs": {"server": "nas.example.com", "path": "/"}}]},
            (),
        ),
        Edge(
            "image",
            {"/storage": [{"mount_path": "/a", "git": {"repo": "https://"}}]},
            ("228 /storage/0/git/repo",),
        ),
        Edge("image", {"/storage": [{"mount_path": "/a", "git": {"repo": "https://a"}}]}, ()),
        Edge(
            "image",
            {"/storage": [{"mount_path": "/a", "git": {"repo": "http://a"}}]},
            ("228 /storage/0/git/repo",),
        ),
        Edge(
            "image",
            {"/storage": [{"mount_path": "/a", "git": {"repo": "git@a"}}]},
            ("228 /storage/0/git/repo",),
        ),
        Edge(
            "image",
            {"/storage": [{"mount_path": "/a/../b", "oss": {"path": "oss://b/"}}]},
            ("222 /storage/0/mount_path",),
        ),
        Edge("image", {"/storage": [{"mount_path": "/a..b", "oss": {"path": "oss://b/"}}]}, ()),
        Edge(
            "image",
            {"/storage": [{"mount_path": "a", "oss": {"path": "oss://b/"}}]},
            ("222 /storage/0/mount_path",),
        ),
        Edge("image", {"/storage": [{"mount_path": "/a"}]}, ("220 /storage/0",)),
        Edge(
            "image",
            {
                "/storage": [
                    {
                        "mount_path": "/a",
                        "oss": {"path": "oss://b/"},
                        "nfs": {"server": "s", "path": "/"},
                    }
                ]
            },
            ("220 /storage/0",),
        ),
    ),
    "automatic scaling": (
        Edge(
            "autoscaled",
            {
                "/autoscaler/min": 1,
                "/autoscaler/behavior": {"scaleUp": {"stabilizationWindowSeconds": 0}},
            },
            (),
        ),
        Edge("autoscaled", {"/autoscaler/min": 1}, ("251 /autoscaler/behavior/onZero",)),
        Edge("autoscaled", {"/autoscaler/min": REMOVED}, ()),
        Edge("autoscaled", {"/autoscaler/strategies": {"qps": 0.5}}, ()),
        Edge(
            "autoscaled",
            {"/autoscaler/strategies": {"qps": True}},
            ("244 /autoscaler/strategies/qps",),
        ),
        Edge(
            "autoscaled",
            {"/autoscaler/strategies": {"qps": 0}},
            ("244 /autoscaler/strategies/qps",),
        ),
        Edge(
            "autoscaled",
            {"/autoscaler/strategies": {"qps": -1}},
            ("244 /autoscaler/strategies/qps",),
        ),
        Edge(
            "autoscaled",
            {"/autoscaler/strategies": {"qps": "5"}},
            ("244 /autoscaler/strategies/qps",),
        ),
        Edge("autoscaled", {"/autoscaler/strategies": {"qps": 1}}, ()),
        Edge(
            "autoscaled",
            {"/autoscaler/min": 0, "/autoscaler/max": 10, "/autoscaler/behavior": REMOVED},
            (),
            {"autoscaler-range": "guide"},
        ),
        Edge(
            "autoscaled",
            {"/autoscaler/min": 1, "/autoscaler/max": 10, "/autoscaler/behavior": REMOVED},
            (),
            {"autoscaler-range": "guide"},
        ),
        Edge(
            "autoscaled",
            {"/autoscaler/min": 10, "/autoscaler/max": 10, "/autoscaler/behavior": REMOVED},
            ("252 /autoscaler",),
            {"autoscaler-range": "guide"},
        ),
        Edge(
            "autoscaled",
            {"/autoscaler/min": 11, "/autoscaler/max": 10, "/autoscaler/behavior": REMOVED},
            ("242 /autoscaler/max",),
            {"autoscaler-range": "guide"},
        ),
        Edge(
            "autoscaled",
            {"/autoscaler/min": 0, "/autoscaler/max": 10, "/autoscaler/behavior": REMOVED},
            ("240 /autoscaler/min",),
            {"autoscaler-range": "api"},
        ),
        Edge(
            "autoscaled",
            {"/autoscaler/min": 1, "/autoscaler/max": 10, "/autoscaler/behavior": REMOVED},
            (),
            {"autoscaler-range": "api"},
        ),
        Edge(
            "autoscaled",
            {"/autoscaler/min": 10, "/autoscaler/max": 10, "/autoscaler/behavior": REMOVED},
            ("242 /autoscaler/max", "252 /autoscaler"),
            {"autoscaler-range": "api"},
        ),
        Edge(
            "autoscaled",
            {"/autoscaler/min": 11, "/autoscaler/max": 10, "/autoscaler/behavior": REMOVED},
            ("242 /autoscaler/max",),
            {"autoscaler-range": "api"},
        ),
        Edge(
            "autoscaled",
            {"/autoscaler/min": 2, "/autoscaler/max": 2, "/autoscaler/behavior": REMOVED},
            (),
        ),
        Edge("full", {"/autoscaler/min": 0}, ("243 /autoscaler/min",)),
        Edge("full", {"/autoscaler/min": 0, "/networking/gateway": ""}, ("243 /autoscaler/min",)),
        Edge(
            "full", {"/autoscaler/min": 0, "/networking/gateway": "", "/metadata/gateway": ""}, ()
        ),
    ),
}
