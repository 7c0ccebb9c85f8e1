"""The rules with the user's choices: from a JSON body to an accepted request, or a refusal."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from simulator.config import NetworkSettings, Settings
from simulator.errors import ConfigError, InvalidRequest, Violation
from simulator.facts.quotas import BATCH_SERVICES, REAL_TIME_SERVICES
from simulator.modelarts.config_json import parameters_by_api
from simulator.modelarts.rules import CATALOGUE
from simulator.modelarts.rules.common import pool_of
from simulator.modelarts.rules.facts import Facts, InboundRule, ModelFacts, Networks, PoolFacts
from simulator.modelarts.rules.model import INSTALL_TYPES
from simulator.offering import Offer
from simulator.rules.catalogue import Catalogue, UnknownReading
from simulator.rules.judge import Report
from simulator.rules.shape import Shape, build
from simulator.specsettings import own_specifications
from simulator.store.quotas import Counting, QuotaUse
from simulator.store.services import Stored
from simulator.store.tables import ModelRow, PoolRow

RequestT = TypeVar("RequestT", bound=Shape)


@dataclass(frozen=True, slots=True)
class Accepted(Generic[RequestT]):
    """A request that breaks no rule.

    Attributes:
        request: in its shape.
        body: as it was sent, without nulls; unknown fields are kept.
        warnings: what should be told all the same.
    """

    request: RequestT
    body: dict[str, Any]
    warnings: tuple[Violation, ...]


class Ruling:
    """Asks the rules.

    Args:
        catalogue: the rules; others than the documented ones only to try what watches over them.

    Raises:
        ConfigError: the settings choose a reading that there is not.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue = CATALOGUE) -> None:
        self._catalogue = catalogue
        try:
            self.readings = catalogue.read(settings.readings)
        except UnknownReading as error:
            raise ConfigError(
                str(error), hint="mend [readings] in drydock.toml; `drydock rules --readings` lists"
            ) from error
        self._strict = settings.strict
        self.own_specifications = own_specifications(settings.specifications)
        self._workspaces = None if settings.workspaces is None else frozenset(settings.workspaces)
        self._networks = None if settings.networks is None else _networks(settings.networks)

    @property
    def timeout_unit_s(self) -> int:
        """Seconds in one unit of deploy_timeout_in_seconds."""
        return 60 if self.readings["deploy-timeout"] == "minutes" else 1

    @property
    def counting(self) -> Counting:
        """Which real-time services count for the quota."""
        is_counted = self.readings["quota-dedicated"] == "counted"
        return Counting.ALL if is_counted else Counting.PUBLIC

    def accept(
        self,
        subject: str,
        shape: type[RequestT],
        body: dict[str, Any],
        facts: Facts | None = None,
    ) -> Accepted[RequestT]:
        """The request in its shape.

        Args:
            facts: of the service that an update changes.

        Raises:
            InvalidRequest: everything that is wrong with it.
        """
        if self.own_specifications:
            facts = replace(facts or Facts(), specifications=self.own_specifications)
        report = self._catalogue.judge(subject, body, self.readings, facts, strict=self._strict)
        _refuse(report)
        return Accepted(build(shape, report.clean), without_nulls(body), tuple(report.warnings))

    def admit(self, subject: str, body: dict[str, Any], facts: Facts) -> tuple[Violation, ...]:
        """Hold an accepted request against what exists. Returns warnings.

        Raises:
            InvalidRequest: everything that stands against it.
        """
        report = self._catalogue.admit(subject, body, facts, self.readings)
        _refuse(report)
        return tuple(report.warnings)

    def facts(
        self,
        models: Mapping[str, ModelRow],
        of: Facts | None = None,
        quotas: Sequence[QuotaUse] = (),
        pools: Sequence[PoolRow] = (),
        missing_paths: Collection[str] = (),
        offers: Sequence[Offer] = (),
    ) -> Facts:
        """What a request is held against.

        Args:
            models: those that the request names and that exist, by id.
            of: what is known of the service that an update changes.
            quotas: what the user has; for a new service.
            pools: dedicated pools of the project.
            missing_paths: object paths of the request at which there is nothing.
            offers: how the specifications stand on this host; one that is not there can be had.
        """
        known = of or Facts()
        used = {quota.name: quota.used for quota in quotas}
        return replace(
            known,
            models={model_id: _model_facts(row) for model_id, row in models.items()},
            pools={row.pool_id: _pool_facts(row) for row in pools},
            real_time_services=used.get(REAL_TIME_SERVICES, known.real_time_services),
            batch_services=used.get(BATCH_SERVICES, known.batch_services),
            quotas={**known.quotas, **{quota.name: quota.size for quota in quotas}},
            missing_paths=frozenset(missing_paths),
            specifications=self.own_specifications,
            unavailable={one.name: one.reason for one in offers if one.reason},
            capped={one.name: one.warning for one in offers if one.warning},
            workspaces=self._workspaces,
            networks=self._networks,
        )


def facts_of(stored: Stored) -> Facts:
    """What an update of a service is held against."""
    request = stored.row.document["request"]
    pools = [pool_of(version, request) for version in request.get("config", ())]
    return Facts(
        kind=stored.row.kind,
        pool=next(filter(None, pools), ""),
        status=stored.row.status,
        request=request,
    )


def without_nulls(value: Any) -> Any:
    """JSON without the members that are null: they count as absent."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def _refuse(report: Report) -> None:
    if report.violations:
        raise InvalidRequest(report.violations, report.warnings)


def _model_facts(row: ModelRow) -> ModelFacts:
    config = row.document.get("config", {})
    sent = row.document.get("install_type") or INSTALL_TYPES
    protocols = {str(api.get("protocol", "")).lower() for api in config.get("apis") or ()}
    return ModelFacts(
        status=row.status,
        type=row.type,
        kinds=tuple("real-time" if kind == "realtime" else kind for kind in sent),
        apis=parameters_by_api(config),
        websocket=bool(protocols & {"ws", "wss"}),
    )


def _pool_facts(row: PoolRow) -> PoolFacts:
    return PoolFacts(generation=row.generation, status=row.status, node=row.specification)


def _networks(settings: NetworkSettings) -> Networks:
    return Networks(
        subnets={vpc: frozenset(subnets) for vpc, subnets in settings.vpcs.items()},
        security_groups={
            name: tuple(
                InboundRule(
                    protocol=rule.protocol,
                    source=rule.source,
                    first_port=rule.first_port,
                    last_port=rule.last_port,
                )
                for rule in rules
            )
            for name, rules in settings.security_groups.items()
        },
    )
