"""Wire shapes of containers and their probes. Source: the JSON page, containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from simulator.eas.error_codes import INVALID_PARAMETER
from simulator.eas.vocabulary import JSON_PAGE
from simulator.rules.rule import Proof, Source
from simulator.rules.shape import Shape, Table


def json_table(number: int, place: str, proof: Proof = Proof.DOCUMENTED) -> Table:
    """A part of the JSON page. Inferred are parts of which the page names the fields without their
    types."""
    return Table("EAS", number, Source(JSON_PAGE, place), INVALID_PARAMETER, proof)


@dataclass(frozen=True, kw_only=True)
class EnvironmentVariable(Shape):
    """One environment variable."""

    table: ClassVar[Table] = json_table(31, "containers.env", Proof.INFERRED)

    name: Annotated[str, "Name of the variable."]
    value: Annotated[str | None, "Value of the variable."] = None


@dataclass(frozen=True, kw_only=True)
class Preparation(Shape):
    """What is installed before the command runs."""

    table: ClassVar[Table] = json_table(32, "containers.prepare")

    pythonRequirements: Annotated[list[str] | None, "Packages for pip."] = None
    pythonRequirementsPath: Annotated[str | None, "Path of a requirements file."] = None


@dataclass(frozen=True, kw_only=True)
class HttpGet(Shape):
    """A probe by HTTP: 200 to 399 is success."""

    table: ClassVar[Table] = json_table(34, "containers, http_get", Proof.INFERRED)

    path: Annotated[str | None, "Path that is asked."] = None
    port: Annotated[int, "Port that is asked."]
    scheme: Annotated[Any, "HTTP or HTTPS; seen in a skill of the vendor only."] = None


@dataclass(frozen=True, kw_only=True)
class TcpSocket(Shape):
    """A probe by opening a connection."""

    table: ClassVar[Table] = json_table(35, "containers, tcp_socket", Proof.INFERRED)

    port: Annotated[int, "Port that is opened."]


@dataclass(frozen=True, kw_only=True)
class ExecProbe(Shape):
    """A probe by a command: exit status 0 is success."""

    table: ClassVar[Table] = json_table(36, "containers, exec", Proof.INFERRED)

    command: Annotated[Any, "The command: a text, or a list of its words."]


@dataclass(frozen=True, kw_only=True)
class Probe(Shape):
    """A check of a container's health."""

    table: ClassVar[Table] = json_table(33, "containers, probes")

    http_get: Annotated[HttpGet | None, "Asks by HTTP."] = None
    tcp_socket: Annotated[TcpSocket | None, "Opens a connection."] = None
    exec: Annotated[ExecProbe | None, "Runs a command in the container."] = None
    initial_delay_seconds: Annotated[int | None, "Seconds until the first check."] = None
    period_seconds: Annotated[int | None, "Seconds between checks; 10 by default."] = None
    timeout_seconds: Annotated[int | None, "Seconds that a check may take; 1 by default."] = None
    success_threshold: Annotated[int | None, "Successes in a row that count; 1 by default."] = None
    failure_threshold: Annotated[int | None, "Failures in a row that count."] = None


@dataclass(frozen=True, kw_only=True)
class Container(Shape):
    """One container of an instance."""

    table: ClassVar[Table] = json_table(30, "containers")

    image: Annotated[str, "Image reference."]
    command: Annotated[str | None, "One command; this or script is mandatory."] = None
    script: Annotated[str | None, "Commands, apart by newlines or semicolons."] = None
    port: Annotated[int | None, "Port on which the container's server listens."] = None
    args: Annotated[list[Any] | None, "Arguments of the command."] = None
    env: Annotated[list[EnvironmentVariable] | None, "Environment variables."] = None
    prepare: Annotated[Preparation | None, "What is installed first."] = None
    startup_check: Annotated[Probe | None, "Until it succeeds, the other checks wait."] = None
    liveness_check: Annotated[Probe | None, "When it fails, the container restarts."] = None
    health_check: Annotated[Probe | None, "While it fails, the instance gets no requests."] = None
    readiness_check: Annotated[
        Any, "Another name of health_check; see the reading readiness-check."
    ] = None
    resources: Annotated[dict[str, Any] | None, "Limits of the container."] = None
