"""A centre with systems of partners, for tests: partners in the configuration, their sending step by step, the log as it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update

from central.core.partner_config import PartnerConfig, PartnersConfig
from central.store import exchanges, registry
from central.store.engine import reading, writing
from central.systems.partner_line import WebLine, headers_of, line_of
from central.systems.sending import PartnerSending
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import ConsoleCentre

EMPLOYER_INN = "7700000027"
TERM_S = 0.5
"""So long a partner of these tests may take to answer."""


def partner(name: str, url: str | None = None, **changes: Any) -> PartnerConfig:
    """A partner that is sent decisions of all employers."""
    values: dict[str, Any] = {
        "name": name,
        "title": f"Система «{name}»",
        "org": ORG,
        "kind": "rest",
        "url": url,
        "all_employers": True,
        "sends": "decision-json",
        "since": datetime.now(UTC).date(),
    }
    return PartnerConfig(**(values | changes))


@dataclass
class PartnerCentre:
    """A centre, and what its partners' threads would do."""

    centre: ConsoleCentre
    sendings: Mapping[str, PartnerSending] = field(default_factory=dict)

    def step(self, name: str) -> int:
        """One pass of that partner's thread; returns how many results were taken."""
        self.sendings[name].queue()
        return self.sendings[name].send()

    def log(self, **where: Any) -> list[exchanges.Exchange]:
        """Rows of the log, the oldest first."""
        table = exchanges.exchange
        query = select(table).order_by(table.c.exchange_id)
        for column, value in where.items():
            query = query.where(table.c[column] == value)
        with reading(self.centre.engine) as connection:
            return [exchanges.Exchange(**row) for row in connection.execute(query).mappings()]

    def waiting(self, name: str) -> list[exchanges.Sending]:
        """What has not been sent to that partner."""
        table = exchanges.partner_sending
        with reading(self.centre.engine) as connection:
            query = select(table).where(table.c.system_id == name, table.c.state != "sent").order_by(table.c.object_at)
            return [exchanges.Sending(**row) for row in connection.execute(query).mappings()]


def partner_centre(centre: ConsoleCentre, *systems: PartnerConfig) -> PartnerCentre:
    """Give the centre these partners. Its sample employer gets an ИНН."""
    centre.config = centre.config.model_copy(update={"partners": PartnersConfig(systems=systems)})
    with writing(centre.engine) as connection:
        own = registry.employer.c.employer_id == centre.people.employers[0]
        connection.execute(update(registry.employer).where(own).values(inn=EMPLOYER_INN))
    sendings = {one.name: sending_of(centre, one) for one in systems if one.sends is not None}
    return PartnerCentre(centre, sendings)


def sending_of(centre: ConsoleCentre, config: PartnerConfig) -> PartnerSending:
    """The sending to a partner, with a short term."""
    line = WebLine(config.url or "", headers_of(config), TERM_S) if config.kind == "rest" else line_of(config)
    return PartnerSending(centre.engine, config, line, centre.config.generation, centre.now)
