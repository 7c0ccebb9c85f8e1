"""Words and numbers that the documents of EAS list, each with its source."""

from __future__ import annotations

from types import MappingProxyType

OVERVIEW = "EAS overview"
JSON_PAGE = "Deploy services using JSON configuration files"
PROCESSORS_PAGE = "Built-in processors"
HEALTH_PAGE = "Health check"
SCALING_PAGE = "Horizontal auto scaling"
SDK = "PAI Python SDK"
KUBERNETES = "Kubernetes probes"
"""Titles of the pages and clients that rules cite."""

REGIONS = MappingProxyType(
    {
        "cn-beijing": "China (Beijing)",
        "cn-shanghai": "China (Shanghai)",
        "cn-hangzhou": "China (Hangzhou)",
        "cn-zhangjiakou": "China (Zhangjiakou)",
        "cn-wulanchabu": "China (Ulanqab)",
        "cn-shenzhen": "China (Shenzhen)",
        "cn-heyuan": "China (Heyuan)",
        "cn-chengdu": "China (Chengdu)",
        "cn-hongkong": "China (Hong Kong)",
        "ap-southeast-1": "Singapore",
        "ap-southeast-5": "Indonesia (Jakarta)",
        "us-west-1": "US (Silicon Valley)",
        "us-east-1": "US (Virginia)",
        "eu-central-1": "Germany (Frankfurt)",
    }
)
"""Region ids to the names that the overview lists under "Supported regions"."""

ENGINE_PORTS = (8080, 9090)
"""Ports that the engine listens on, in each instance. Source: EAS overview, Use an image."""

LISTENER_PORT_TAKEN = 8080
"""No port of a load balancer's listener. Source: JSON page, networking."""

BUILT_IN_PROCESSORS = (
    "pmml",
    "tensorflow_cpu_1.12",
    "tensorflow_cpu_1.14",
    "tensorflow_cpu_1.15",
    "tensorflow_cpu_2.3",
    "tensorflow_gpu_1.12",
    "tensorflow_gpu_1.14",
    "tensorflow_gpu_1.15",
    "pytorch_cpu_1.6",
    "pytorch_gpu_1.6",
    "caffe_cpu",
    "caffe_gpu",
    "parameter_server",
    "parameter_sever",  # the page's older spelling
    "alink_pai_processor",
    "xnn_cpu",
    "easy_vision_cpu_tf1.12_torch151",
    "easy_vision_gpu_tf1.12_torch151",
    "easytransfer_cpu",
    "easytransfer_gpu",
    "easynlp",
    "easycv",
    "easyrec-2.4",
    "easyrec-torch-1.0",
    "blade_cpu",
    "blade_cuda10.0_beta",
    "mediaflow",
    "triton",
    "xgboost",  # this one and the next: in the Python SDK only
    "onnx_cu100",
)
"""Codes of the built-in processors. Source: Built-in processors; PAI Python SDK."""

TRITON = "triton"
"""The processor that takes processor_params."""

PROCESSOR_TYPES = ("cpp", "java", "python")
"""Languages of custom processors. Source: EAS overview, Terms; JSON page, processor_type."""

CUDA_VERSIONS = ("8.0", "9.0", "10.0", "10.1", "10.2", "11.0", "11.1", "11.2")
SPREAD_POLICIES = ("host", "zone", "default")
QUALITIES = ("", "BestEffort")
SERVICE_TYPES = (
    "Standard",
    "Async",
    "ScalableJob",
    "LLMGatewayService",
    "OfflineTask",
    "Proxima",
)
"""Seen in the documents; they do not say that there are no others."""

ARCHIVES = (".tar.gz", ".tar", ".bz2", ".zip")
"""What a package is that is fetched by HTTP. Source: JSON page, model_path."""

SINKS = ("maxcompute", "sls")
STORAGE_KINDS = ("oss", "nfs", "dataset", "git", "code", "image", "empty_dir")
PROBE_METHODS = ("http_get", "tcp_socket", "exec")

NAME_MIN, NAME_MAX = 3, 63
"""Characters of a service's name. Source: a skill of the vendor; no guide says so."""

MAX_REPLICAS, MAX_REPLICAS_OLDER = 1000, 3000
"""Highest `max` of the autoscaler. Source: Horizontal auto scaling, newer and older pages."""

OTHER_REGISTRIES = (
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "quay.io",
    "ghcr.io",
    "gcr.io",
    "nvcr.io",
    "mcr.microsoft.com",
    "public.ecr.aws",
    "registry.k8s.io",
    "registry.gitlab.com",
    "localhost",
)
OTHER_REGISTRY_DOMAINS = (
    ".gcr.io",
    ".pkg.dev",
    ".azurecr.io",
    ".amazonaws.com",
    ".myhuaweicloud.com",
    ".tencentcloudcr.com",
)
"""Hosts that are certainly no Container Registry of Alibaba Cloud."""
