"""What the overview of EAS states, each with the rules that hold it, or why there are none."""

from __future__ import annotations

from simulator.eas.vocabulary import OVERVIEW
from simulator.rules.coverage import Statement, says

_say = says(OVERVIEW)

_FORBIDS_NOTHING = "explains or permits; there is no way to break it"
_ADVICE = "advice: what does not follow it works too"
_ELSEWHERE = "no field of service.json tells it; it is done elsewhere"
_RUNS = "how a service runs, not what its description may say"
_CALLS = "about calls of a running service, not about its description"
_MONEY = "prices and bills are not simulated"
_CONTENT = "needs a look into the files or the image, which the description only names"

_INTRODUCTION = (
    _say(
        "EAS architecture",
        "A service runs in the public resource group or in a dedicated one.",
        "EAS-SVC-057",
        why="absent or empty means the public one, so that only the id's form is held",
    ),
    _say(
        "EAS architecture",
        "Services scale by themselves.",
        "EAS-SVC-240",
        "EAS-SVC-241",
        "EAS-SVC-242",
        why="other pages state the limits",
    ),
    _say("EAS architecture", "There is blue-green deployment.", "EAS-SVC-073"),
    _say(
        "Deployment methods",
        "A model is deployed by an image or by a processor.",
        "EAS-SVC-007",
        "EAS-SVC-008",
    ),
)

_IMAGE = "Deployment methods, Use an image"
_IMAGES = (
    _say(_IMAGE, "EAS pulls the image from Container Registry (ACR).", "EAS-SVC-104"),
    _say(
        _IMAGE,
        "Models and code are mounted from storage services, such as OSS and NAS.",
        "EAS-SVC-220",
        "EAS-SVC-224",
        "EAS-SVC-226",
    ),
    _say(
        _IMAGE,
        "An image is deployed as a service that is called by API, or as a web app that is opened "
        "by a link.",
        "EAS-SVC-021",
    ),
    _say(_IMAGE, "There are prebuilt images, and custom ones.", why=_FORBIDS_NOTHING),
    _say(_IMAGE, "Files are better mounted than packed into the image.", why=_ADVICE),
    _say(
        _IMAGE,
        "The image should have an HTTP server that takes requests.",
        why=f"{_ADVICE}; {_CONTENT}",
    ),
    _say(
        _IMAGE,
        "The HTTP server cannot listen on 8080 and 9090, where the engine listens.",
        "EAS-SVC-100",
        "EAS-SVC-105",
        "EAS-SVC-121",
        "EAS-SVC-141",
        "EAS-SVC-161",
        why="a server may still choose such a port inside the image",
    ),
    _say(
        _IMAGE,
        "A custom image is uploaded to ACR before; else EAS may fail to pull it.",
        "EAS-SVC-104",
        why="told, not refused: other registries may work; ACR takes hosts of the user's own, so "
        "that only hosts of known other registries are told",
    ),
    _say(
        _IMAGE,
        "An image that was developed in DSW is uploaded to ACR before too.",
        "EAS-SVC-104",
        why="where an image was developed cannot be seen",
    ),
    _say(_IMAGE, "Images and warm-up data can be managed as AI assets.", why=_FORBIDS_NOTHING),
    _say(
        _IMAGE,
        "CPFS datasets from NAS cannot be mounted.",
        "EAS-SVC-227",
        "EAS-SVC-261",
    ),
)

_PROCESSOR = "Deployment methods, Use a processor"
_PROCESSORS = (
    _say(
        _PROCESSOR,
        "Model files are prepared.",
        "EAS-SVC-009",
        "EAS-SVC-010",
        why="of custom processors by the reading processor-model: the terms say in most cases",
    ),
    _say(_PROCESSOR, "Processor files are prepared.", "EAS-SVC-015"),
    _say(
        _PROCESSOR,
        "The files are uploaded to storage services, such as OSS or NAS, and mounted.",
        "EAS-SVC-030",
        "EAS-SVC-032",
        "EAS-SVC-220",
    ),
    _say(_PROCESSOR, "Model and processor are better kept apart.", why=_ADVICE),
    _say(_PROCESSOR, "The processor asks get_model_path() for the model.", why=_CONTENT),
    _say(
        _PROCESSOR,
        "EAS pulls an official image for the model's framework and starts an HTTP server.",
        why=_RUNS,
    ),
    _say(
        _PROCESSOR,
        "Framework and processor files fit the development environment.",
        "EAS-SVC-022",
        why=f"only that a processor for GPUs needs a GPU can be seen; {_CONTENT}",
    ),
    _say(_PROCESSOR, "Deployment by image is more flexible.", why=_ADVICE),
)

_TERMS = (
    _say(
        "Terms, Resource group",
        "A service runs in the public group, or in a dedicated one that was bought.",
        "EAS-SVC-057",
        "EAS-SVC-069",
        "EAS-SVC-070",
    ),
    _say(
        "Terms, Model service",
        "A service is created, updated, started, stopped and scaled.",
        why=_RUNS,
    ),
    _say("Terms, Model file", "Its format is that of the framework.", why=_CONTENT),
    _say(
        "Terms, Model file",
        "In most cases a model file is deployed with a processor.",
        "EAS-SVC-009",
        "EAS-SVC-010",
    ),
    _say(
        "Terms, Processor",
        "There are built-in processors, such as PMML, TensorFlow and Caffe.",
        "EAS-SVC-018",
        why="told, not refused: newer codes appear before they are listed",
    ),
    _say(
        "Terms, Custom processor",
        "A custom processor is written in C++, Java or Python.",
        "EAS-SVC-011",
        "EAS-SVC-012",
        "EAS-SVC-013",
        "EAS-SVC-014",
    ),
    _say(
        "Terms, Custom processor",
        "A custom processor is for what the built-in ones cannot do.",
        "EAS-SVC-019",
    ),
    _say("Terms, Service instance", "There may be several instances.", "EAS-SVC-050"),
    _say(
        "Terms, Service instance",
        "Instances are spread over the machines of a resource group.",
        "EAS-SVC-065",
        why="the rule holds how that is chosen; the spreading itself is how a service runs",
    ),
    _say(
        "Terms, High-speed direct connection",
        "It connects the resource group to the user's VPC.",
        "EAS-SVC-199",
    ),
)

_PROCEDURE = "Procedure"
_STEPS = (
    _say("Supported regions", "There are 14 regions with EAS.", "EAS-SVC-051"),
    _say("Billing methods", "Public resources are paid by use, dedicated ones each.", why=_MONEY),
    _say("Billing methods", "Access to the internet needs a NAT gateway.", why=_ELSEWHERE),
    _say(f"{_PROCEDURE}, step 1", "A dedicated group is bought before.", why=_ELSEWHERE),
    _say(f"{_PROCEDURE}, step 2", "Services are deployed in the console or by EASCMD.", why=_RUNS),
    _say(
        f"{_PROCEDURE}, step 2",
        "In a dedicated group, data can be mounted.",
        why=f"{_FORBIDS_NOTHING}: that it cannot be in the public group is not said, and the "
        "deployment methods mount files without that condition",
    ),
    _say(f"{_PROCEDURE}, step 2", "A web app is deployed by an image.", "EAS-SVC-021"),
    _say(
        f"{_PROCEDURE}, step 2",
        "There are built-in processors for frameworks such as PMML and XGBoost.",
        "EAS-SVC-018",
    ),
    _say(f"{_PROCEDURE}, step 3", "A service is debugged and tested under load.", why=_CALLS),
    _say(f"{_PROCEDURE}, step 4", "Scaling is automatic or by a schedule.", "EAS-SVC-252"),
    _say(
        f"{_PROCEDURE}, step 5",
        "A service is called by its public, VPC or direct address.",
        why=_CALLS,
    ),
    _say(
        f"{_PROCEDURE}, step 6",
        "Asynchronous inference has a queue for requests and one for results.",
        "EAS-SVC-058",
        "EAS-SVC-246",
        why="the queues themselves are how a service runs; their settings are not public and are "
        "taken with any value",
    ),
    _say(
        f"{_PROCEDURE}, step 6",
        "The number of instances follows the queue.",
        "EAS-SVC-246",
    ),
)

STATEMENTS: tuple[Statement, ...] = (
    *_INTRODUCTION,
    *_IMAGES,
    *_PROCESSORS,
    *_TERMS,
    *_STEPS,
)
