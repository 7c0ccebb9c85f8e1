"""What a batch job is to do, as it is kept with its service. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from simulator.batch.mapping import MappingRule
from simulator.batch.requests import Sender
from simulator.batch.results import ANY_ROW, FOLDER, MANIFEST_BYTES, Layout
from simulator.objectpaths import ObjectPath, parse_object_path

CSV = "csv"
FILE = "file"


@dataclass(frozen=True)
class JobSpec:
    """The work of a batch service.

    Attributes:
        source, destination: src_path and dest_path.
        is_manifest: the source is a manifest.
        mapping_type: `file` or `csv`; with csv, `mapping_rule` is the rule.
        sender: what makes the requests.
        result_folder, csv_result: options of the readings.
        manifest_bytes: size at which a further manifest of results is begun.
    """

    source: str
    destination: str
    mapping_type: str
    sender: Sender
    is_manifest: bool = False
    mapping_rule: dict[str, Any] = field(default_factory=dict)
    result_folder: str = FOLDER
    csv_result: str = ANY_ROW
    manifest_bytes: int = MANIFEST_BYTES

    @property
    def is_csv(self) -> bool:
        return self.mapping_type == CSV

    @property
    def source_path(self) -> ObjectPath:
        return parse_object_path(self.source)

    def layout(self, task_id: str) -> Layout:
        """Where the results of a task lie."""
        destination = parse_object_path(self.destination).as_folder()
        return Layout(destination, task_id, self.result_folder)

    def rule(self) -> MappingRule:
        """The mapping rule, ready to be followed.

        Raises:
            BadMappingRule: it cannot be.
        """
        return MappingRule(self.mapping_rule)


def kept_job(spec: JobSpec) -> dict[str, Any]:
    """As it is kept."""
    return asdict(spec)


def job_of(kept: dict[str, Any]) -> JobSpec:
    """From what is kept."""
    return JobSpec(**kept | {"sender": Sender(**kept["sender"])})
