"""A centre with a gate: its settings, a key for its controller, and the questions of a controller over REST."""

from typing import Any

from sqlalchemy import update

from central.core.gate_config import GateConfig, GatesConfig
from central.core.rights import Role
from central.store import gate_passages
from central.store.engine import reading, writing
from central.store.gate_passages import Passage
from central.store.registry import employer
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import Browser, ConsoleCentre

EMPLOYER_INN = "7700000002"
GATE = "main"


def with_gate(centre: ConsoleCentre, **changes: Any) -> GateConfig:
    """Connect a gate of the first employer to a centre that serves nothing yet."""
    settings = {"name": GATE, "org": ORG, "employers": (EMPLOYER_INN,), "place": "Ворота 1", "kind": "rest"} | changes
    gate = GateConfig(**settings)
    gates = GatesConfig(gates=(*centre.config.gates.gates, gate))
    centre.config = centre.config.model_copy(update={"gates": gates})
    with writing(centre.engine) as connection:
        own = employer.c.employer_id == centre.people.employers[0]
        connection.execute(update(employer).where(own).values(inn=EMPLOYER_INN))
    return gate


def passages(centre: ConsoleCentre) -> list[Passage]:
    """The log, the newest first."""
    with reading(centre.engine) as connection:
        return gate_passages.listed(connection, (ORG,))


def key_of_gate(centre: ConsoleCentre, browser: Browser, place: int = 0) -> str:
    """A key of an employer for its controller."""
    centre.add_account("admin", Role.ADMINISTRATOR)
    browser.log_in("admin", unlock=False)
    fields = {
        "name": "турникет",
        "employer_id": centre.people.employers[place],
        "scopes": ["admissions:read", "exams:read"],
    }
    page = browser.post("/accounts/keys", fields, page="/accounts").text
    return page.split('class="code">')[1].split("<")[0]
