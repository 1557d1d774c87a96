"""A centre that has been at work for weeks: organisations, people, terminals, and as many exams as are asked for.

The rows are those that intake and the medics would have written (`message`, `exam`, `decision`, `centre_outbox`, `audit`),
column by column and in the order of their receipt, put in by the thousand. Chains and hashes are right. What is not as it
would be: the terminals' Ed25519 signatures are one reused value, so are the CMS signatures of all but the newest decisions
(`Scale.signed` of them are real and verify), and messages to the terminals are kept for the newest `KEPT` decisions only.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from central.authority.pki import Authority
from central.core.config import CentralConfig
from central.core.snils import SnilsKey
from central.store.engine import writing
from dopusk.lab.bench.bulk import Bulk, loading
from dopusk.lab.bench.population_exams import ExamWriter
from dopusk.lab.bench.population_people import People, enter_people

KEPT = 50_000
_BATCH = 5_000
_HOURS = (1, 1, 2, 6, 10, 12, 10, 6, 4, 3, 3, 4, 5, 5, 4, 4, 5, 6, 7, 6, 4, 3, 2, 1)
"""How many exams begin in each hour of a day, as shares: a morning peak, a smaller one when the late shift comes."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the centre is: the exams of so many days, the newest `waiting` of them undecided, `signed` before these."""

    exams: int
    workers: int
    terminals: int
    medics: int
    days: int
    waiting: int
    signed: int


SHORT = Scale(exams=20_000, workers=2_000, terminals=100, medics=10, days=20, waiting=50, signed=300)
MILLION = Scale(exams=1_000_000, workers=20_000, terminals=1_000, medics=50, days=60, waiting=100, signed=300)


@dataclass(slots=True)
class Population:
    """What stands in the store now. Ids of exams are examples of their kind."""

    scale: Scale
    people: People
    waiting: list[str] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)
    """Decided exams, the newest ones, whose signatures are real."""


def populate(engine: Engine, config: CentralConfig, authority: Authority, scale: Scale) -> Population:
    """Fill an empty store whose tables are made. The medics' passphrase is `population_people.PASSPHRASE`.

    The authority must be older than the exams, or no certificate was valid when they were decided.
    """
    now = datetime.now(UTC)
    with writing(engine) as connection:
        people = enter_people(
            connection,
            authority,
            SnilsKey.from_file(config.keys.snils_key_file),
            workers=scale.workers,
            terminals=scale.terminals,
            medics=scale.medics,
            now=now,
        )
    population = Population(scale, people)
    _write_exams(engine, config, population, now)
    return population


def _write_exams(engine: Engine, config: CentralConfig, population: Population, now: datetime) -> None:
    scale, people = population.scale, population.people
    dice = random.Random(scale.exams)  # noqa: S311 - invented exams
    writer = ExamWriter(people, config.generation, dice)
    moments = _moments(dice, scale, now)
    with loading(engine) as connection:
        bulk = Bulk(connection)
        for start in range(0, scale.exams, _BATCH):
            for place in range(start, min(start + _BATCH, scale.exams)):
                left = scale.exams - place
                finished_at = next(moments)
                if left <= scale.waiting:
                    population.waiting.append(writer.waiting(bulk, finished_at))
                elif left <= scale.waiting + scale.signed:
                    population.signed.append(writer.decided(bulk, finished_at, signed=True, kept=True))
                else:
                    writer.past(bulk, finished_at, kept=left <= KEPT)
            bulk.flush()
        writer.write_heads(connection)


def _moments(dice: random.Random, scale: Scale, now: datetime) -> Iterator[datetime]:
    """When the exams ended, oldest first, the last one a little before now."""
    per_day = -(-scale.exams // scale.days)
    left = scale.exams
    for day in range(scale.days, 0, -1):
        begin = now - timedelta(days=day, seconds=10)
        first_hour = begin.hour
        shares = [_HOURS[(first_hour + hour) % 24] for hour in range(24)]
        count = min(per_day, left)
        hours = dice.choices(range(24), weights=shares, k=count)
        offsets = sorted(3600 * hour + 3600 * dice.random() for hour in hours)
        left -= count
        yield from (begin + timedelta(seconds=offset) for offset in offsets)
