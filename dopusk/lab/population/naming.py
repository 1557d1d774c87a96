"""What a population's people and things are called in a store. Follows from the population's name alone, so that a population
that was broken off finds its own again."""

import random
from dataclasses import dataclass

from central.core.rights import Role
from dopusk.lab.population.payload import Names
from dopusk.lab.population.society import Society

_OTHERS = {
    Role.SENIOR_MEDIC: "senior",
    Role.ADMINISTRATOR: "admin",
    Role.AUDITOR: "auditor",
    Role.SERVICE: "engineer",
    Role.EMPLOYER: "dispatcher",
    Role.EMPLOYER_HR: "hr",
}


@dataclass(frozen=True, slots=True)
class Titles:
    """Ids and login names; `number`: the population's own in its store, which stands in all that people see."""

    number: int
    names: Names
    medics: tuple[str, ...]
    """Login names."""
    medic_ids: tuple[str, ...]
    others: dict[Role, str]
    """Login names of one account for each other role; the employer's is the first one's."""


def titles_of(society: Society, number: int, name: str) -> Titles:
    """The names of a society in the `number`th population, called `name`, of a store."""
    dice = random.Random(f"ids {name}")  # noqa: S311  # ids are no secrets
    orgs = tuple(f"med-{number}-{centre.place + 1}" for centre in society.centres)
    names = Names(
        orgs,
        tuple(_id(dice) for _ in society.firms),
        tuple(_id(dice) for _ in society.jobs),
        tuple(f"{orgs[gate.centre]}-{gate.place + 1:04}" for gate in society.gates),
    )
    return Titles(
        number,
        names,
        tuple(f"medic-{number}-{doctor.place + 1}" for doctor in society.doctors),
        tuple(_id(dice) for _ in society.doctors),
        {role: f"{word}-{number}" for role, word in _OTHERS.items()},
    )


def _id(dice: random.Random) -> str:
    """A UUID of random bits (version 4)."""
    bits = f"{dice.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-8{bits[17:20]}-{bits[20:]}"
