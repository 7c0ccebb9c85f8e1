"""hardware, specifications: what this host has, and what can be deployed on it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from simulator.cli.failures import NotRunning
from simulator.cli.output import Output
from simulator.cli.session import HomeOption, JsonOption, Session

if TYPE_CHECKING:
    from simulator.hosting import Seen

Json = dict[str, Any]

_GIB = 1024**3
_UNKNOWN = "-"


def hardware(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show this host's processors, memory, GPUs and NPUs, and whether instances get them.

    Needs no server: where none is running, this host is asked directly.
    """
    session = Session(home, as_json)
    output = session.output
    try:
        with session.server() as server:
            found = server.hardware()
    except NotRunning:
        from simulator.admin.hardware_views import hardware_view  # noqa: PLC0415

        found = hardware_view(_look(session))
        _note_offline(output)
    if output.as_json:
        output.document(found)
        return
    _print_host(output, found["host"])
    _print_gpus(output, found["gpus"])
    _print_npus(output, found["npus"])
    _print_engine(output, found["engine"], found["host"])


def specifications(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the specifications, each available on this host or with the reason why not.

    Needs no server. Own ones are tables `[specifications."NAME"]` in drydock.toml.
    """
    session = Session(home, as_json)
    output = session.output
    try:
        with session.server() as server:
            found = server.specifications()
    except NotRunning:
        from simulator.admin.hardware_views import specifications_view  # noqa: PLC0415
        from simulator.hosting import offers_of  # noqa: PLC0415

        offers = offers_of(_look(session), session.settings())
        found = specifications_view(offers)["specifications"]
        _note_offline(output)
    if output.as_json:
        output.document(found)
        return
    output.table(
        ["SPECIFICATION", ">VCPUS", ">MEMORY MB", ">GPUS", ">NPUS", "HERE", "~RUNS ON, OR WHY NOT"],
        [_row(one) for one in found],
        dim=[index for index, one in enumerate(found) if not one["available"]],
    )


def _look(session: Session) -> Seen:
    """This host as a server on the data directory would see it."""
    from simulator.hosting import look  # noqa: PLC0415

    with session.output.working("looking at this host"):
        return asyncio.run(look(session.settings()))


def _note_offline(output: Output) -> None:
    if not output.as_json:
        output.note("no server is running: this host was asked directly", "dim")


def _row(one: Json) -> list[object]:
    sizes = [
        _UNKNOWN if one[key] is None else f"{one[key]:g}"
        for key in ("vcpus", "memory_mb", "gpus", "npus")
    ]
    if not one["available"]:
        return [one["name"], *sizes, "no", one["reason"]]
    here = "capped" if one["warning"] else "yes"
    about = "; ".join(filter(None, [one["runs_on"], one["warning"]]))
    return [one["name"], *sizes, here, about]


def _print_host(output: Output, host: Json) -> None:
    cpus = f"{host['cpus']}"
    if host["cpu_limit"]:
        cpus += f", {host['usable_cpus']:g} of them usable: {host['cpu_limit']}"
    memory = f"{_gib(host['memory_bytes'])}, {_gib(host['available_memory_bytes'])} free now"
    if host["memory_limit"]:
        memory += f"; {_gib(host['usable_memory_bytes'])} usable: {host['memory_limit']}"
    output.line("this host", "bold")
    output.fields(
        [
            ("processor", f"{host['cpu_model'] or 'unknown'}, {host['architecture']}"),
            ("CPUs", cpus),
            ("memory", memory),
        ]
    )


def _print_gpus(output: Output, gpus: Json) -> None:
    output.line("NVIDIA GPUs", "bold")
    driver = [
        ("driver", gpus["driver_version"]),
        ("CUDA", gpus["cuda_version"] and f"up to {gpus['cuda_version']}"),
    ]
    pairs = [("", f"none can be asked: {gpus['reason']}")] if gpus["reason"] else []
    output.fields([*pairs, *(pair for pair in driver if pair[1])])
    for gpu in gpus["devices"]:
        output.fields(_gpu_fields(gpu))


def _gpu_fields(gpu: Json) -> list[tuple[str, object]]:
    title = f"GPU {gpu['index']}"
    name = gpu["name"] or "unknown"
    if gpu["trouble"]:
        return [(title, f"{name}, {'LOST' if gpu['lost'] else 'not usable'}: {gpu['trouble']}")]
    fields: list[tuple[str, object]] = [
        (title, f"{name}{_how_it_comes(gpu['virtualization'])}"),
        ("  uuid", gpu["uuid"]),
        ("  memory", _memory(gpu)),
        ("  use", _with_unit(gpu["utilisation_percent"], "%")),
        ("  temperature", _with_unit(gpu["temperature_c"], "°C")),
        ("  power", _power(gpu)),
    ]
    if gpu["mig"] is not None:
        fields.append(("  MIG", _mig_words(gpu)))
    fields += [
        (f"    {part['uuid']}", _memory(part, part["name"])) for part in gpu["mig_instances"]
    ]
    return [*fields, ("  processes", _processes(gpu["processes"]))]


def _how_it_comes(virtualization: str | None) -> str:
    words = {
        "passthrough": ", the whole GPU passed through to this virtual machine",
        "vgpu": ", a vGPU: a share of a GPU in this virtual machine",
        "host-vgpu": ", shared out to virtual machines (vGPU)",
        "host-vsga": ", shared out to virtual machines (vSGA)",
    }
    return words.get(virtualization or "", "")


def _mig_words(gpu: Json) -> str:
    words = "on: it is used in parts only" if gpu["mig"] else "off"
    if gpu["mig"] and not gpu["mig_instances"]:
        words += ", and there are none"
    return f"{words}; the other way after the next reset" if gpu["mig_pending"] else words


def _processes(found: list[Json] | None) -> str:
    if found is None:
        return "cannot be seen"
    words = []
    for one in found:
        size = "" if one["memory_bytes"] is None else f" {_mib(one['memory_bytes'])}"
        words.append(f"{one['pid']} {one['name'] or '(name unknown)'}{size}")
    return ", ".join(words) or "none"


def _print_npus(output: Output, npus: list[Json]) -> None:
    output.line("Ascend chips", "bold")
    if not npus:
        output.fields([("", "none; [stub_npus] in drydock.toml has some played (stub)")])
        return
    output.fields(
        [
            (f"NPU {npu['index']}", f"{npu['name']}, {npu['memory_mb']} MB, nothing computes on it")
            for npu in npus
        ]
    )


def _print_engine(output: Output, engine: Json, host: Json) -> None:
    cpus = host["usable_cpus"] if engine["cpus"] is None else engine["cpus"]
    known = engine["memory_bytes"] is not None
    memory = engine["memory_bytes"] if known else host["usable_memory_bytes"]
    gives = "yes" if engine["gives_gpus"] else f"no: {engine['gpu_refusal']}"
    if engine["gpu_handover"] != "none" and not engine["gives_gpus"]:
        gives += f" ({engine['gpu_detail']})"
    away = "" if engine["available"] else "not available: "
    output.line("instances", "bold")
    output.fields(
        [
            ("run by", f"{engine['backend']}: {away}{engine['detail']}"),
            ("have", f"{cpus:g} CPUs and {_gib(memory)} together"),
            ("get GPUs", gives),
        ]
    )


def _memory(one: Json, name: str = "") -> str:
    if one["memory_bytes"] is None:
        return name or _UNKNOWN
    used = "" if one["used_memory_bytes"] is None else f", {_mib(one['used_memory_bytes'])} used"
    return f"{name + ', ' if name else ''}{_mib(one['memory_bytes'])}{used}"


def _power(gpu: Json) -> str:
    if gpu["power_w"] is None:
        return _UNKNOWN
    limit = "" if gpu["power_limit_w"] is None else f" of {gpu['power_limit_w']:.0f} W"
    return f"{gpu['power_w']:.0f} W{limit}"


def _with_unit(value: float | None, unit: str) -> str:
    return _UNKNOWN if value is None else f"{value:g} {unit}"


def _gib(size_bytes: float) -> str:
    return f"{size_bytes / _GIB:.1f} GiB"


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 1024**2:.0f} MiB"
