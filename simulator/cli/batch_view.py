"""A batch job in the terminal, from its deployment to its end."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from simulator.cli.output import duration
from simulator.cli.watching import UNDER_WAY, failure_of, progress_line

if TYPE_CHECKING:
    from rich.progress import Progress

    from simulator.cli.client import Server
    from simulator.cli.output import Output

Json = dict[str, Any]
POLL_S = 0.2


def following(server: Server, output: Output, service_id: str) -> Json:
    """Wait until a batch service's job is done; returns the service's detail.

    Raises:
        Failure: it failed, with the reason; or the service was stopped or deleted meanwhile.
    """
    began = time.monotonic()
    with output.working("deploying") as working:
        while (detail := server.service(service_id))["status"] in UNDER_WAY:
            working.show(progress_line(detail, time.monotonic() - began))
            time.sleep(POLL_S)
    with Bar(output) as bar:
        while detail["status"] == "running":
            bar.show(detail["job"])
            time.sleep(POLL_S)
            detail = server.service(service_id)
    if detail["status"] != "finished":
        raise failure_of(server, detail)
    return detail


def summary(output: Output, detail: Json) -> None:
    """What a job that is done has done, and where that is."""
    job = detail["job"]
    total = job["done"]
    output.line(
        f"{total} input{'' if total == 1 else 's'}: {job['succeeded']} succeeded, "
        f"{job['failed']} failed{rows_words(job)}; in {_took(job)}"
    )
    output.fields([("results", job["results"]), *(("manifest", m) for m in job["manifests"])])
    if job["failed"]:
        output.note(f"`drydock batch results {detail['name']} --failed` tells why", "yellow")


def rows_words(job: Json) -> str:
    """`, 150 rows`; nothing for a job without rows."""
    return f", {job['rows']} rows" if job["rows"] is not None else ""


def rate_words(job: Json) -> str:
    """`120/s`, of inputs or rows."""
    return "-" if job["rate_per_s"] is None else f"{job['rate_per_s']:.4g}/s"


def left_words(job: Json) -> str:
    return "-" if job["left_s"] is None else duration(job["left_s"])


def _took(job: Json) -> str:
    if job["began_at_ms"] is None or job["ended_at_ms"] is None:
        return "-"
    return f"{(job['ended_at_ms'] - job['began_at_ms']) / 1000:.1f} s"


class Bar:
    """Inputs, rate, failures and time left, on stderr; nothing where that is no terminal."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._shown = output.err.is_terminal and not output.as_json
        self._progress: Progress | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, job: Json) -> None:
        if not self._shown:
            return
        if self._progress is None:
            self._progress = self._begun()
        task = self._progress.task_ids[0]
        words = f"{job['done']} of {job['total'] or '?'}{rows_words(job)}"
        words += f" · {job['failed']} failed · {rate_words(job)} · {left_words(job)} left"
        self._progress.update(task, completed=job["done"], total=job["total"], words=words)

    def _begun(self) -> Progress:
        from rich import progress as bars  # noqa: PLC0415

        progress = bars.Progress(
            bars.BarColumn(),
            bars.TextColumn("{task.fields[words]}", markup=False),
            console=self._output.err,
            transient=True,
        )
        progress.add_task("", words="")
        progress.start()
        return progress
