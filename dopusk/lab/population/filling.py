"""Fills a centre with a population in batches, each complete in one transaction."""

import os
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Connection, Engine

from central.core.clock import now_utc
from central.core.config import CentralConfig
from central.core.snils import SnilsKey
from central.link.outgoing import load_signing_key
from central.people.limits import default_entries
from central.store.audit import audit
from central.store.engine import reading
from dopusk.lab.population.bulk import Bulk, loading
from dopusk.lab.population.chains import Chains
from dopusk.lab.population.days import Days
from dopusk.lab.population.desks import Desk
from dopusk.lab.population.ids import Ids
from dopusk.lab.population.judging import Limits
from dopusk.lab.population.naming import Titles, titles_of
from dopusk.lab.population.payload import Payloads
from dopusk.lab.population.plan import Plan
from dopusk.lab.population.progress import Progress, begun_or_left
from dopusk.lab.population.registers import desks_of, enter_society
from dopusk.lab.population.rows import ExamWriter, Report
from dopusk.lab.population.seals import Due, keys_there, named_rows, named_since, seal
from dopusk.lab.population.signing import Keyring
from dopusk.lab.population.society import Society, society_of

AT_ONCE = 1000
"""Exams in one transaction."""
KEPT = 50_000
"""Of so many of the newest exams the messages to the terminals are kept, and their answers."""
Tell = Callable[[int, int], None]
"""Is told how many exams are written, of how many."""


@dataclass(frozen=True, slots=True)
class Population:
    """What stands in the store now. `password` opens every account, `passphrase` every medic's key."""

    progress: Progress
    society: Society
    titles: Titles
    desks: tuple[Desk, ...]
    password: str
    passphrase: str
    report: Report
    """Of what was written this time; a population that was broken off has written the rest before."""


def populate(
    engine: Engine,
    config: CentralConfig,
    plan: Plan,
    *,
    is_more: bool = False,
    tell: Tell = lambda done, whole: None,
) -> Population:
    """Fill a store whose tables are made, or go on where this was broken off.

    Raises `PopulationRefused` (see `progress.begun_or_left`), before anything is written.
    """
    with reading(engine) as connection:
        left = begun_or_left(connection, plan, config.generation, secrets.token_hex(8), is_more=is_more)
    work = Filling(config, left)
    with loading(engine) as connection:
        if not left.is_begun:
            with connection.begin():
                work.enter(connection)
        with connection.begin():
            work.take_up(connection)
        while work.write_some(connection):
            tell(work.done, left.plan.exams)
    return work.population()


class Filling:
    """One population at work. Call `take_up` before exams are written; `enter` once before it, for one that is not begun."""

    def __init__(self, config: CentralConfig, left: Progress) -> None:
        self._config, self._left, self.done = config, left, left.done
        self._key = load_signing_key(config.keys.centre_signing_key_file)
        self._keyring = Keyring(self._key, left.name)
        self._society = society_of(left.plan)
        self._titles = titles_of(self._society, left.number, left.name)
        self._chains = Chains(self._keyring, self._key, config.generation)
        self._desks: tuple[Desk, ...] = ()

    def enter(self, connection: Connection) -> None:
        """Enter the people, and note that they are."""
        plan, keys = self._left.plan, self._config.keys
        there = keys_there(connection)
        enter_society(
            connection,
            self._society,
            self._titles,
            self._keyring,
            SnilsKey.from_file(keys.snils_key_file),
            keys.authority_dir,
            plan.until - timedelta(days=plan.days + 1),
            now_utc(),
        )
        self._write(connection, Bulk(), named_since(connection, there))

    def take_up(self, connection: Connection) -> None:
        """Find the people in the store, and where the chains of their terminals stand."""
        plan, names = self._left.plan, self._titles.names
        book, ids = default_entries(), Ids()
        limits: Limits = {entry["parameter"]: (entry.get("low"), entry.get("high")) for entry in book}
        said = [{name: entry[name] for name in _LIMIT if name in entry} for entry in book]
        self._desks = desks_of(connection, self._society, self._titles, self._keyring)
        self._chains.read(connection, names.terminals)
        payloads = Payloads(names, self._config.generation, said, ids)
        valid = timedelta(hours=self._config.decisions.admission_valid_hours)
        self._writer = ExamWriter(payloads, names, self._desks, self._chains, valid, ids)
        self._days = Days(plan, self._society, limits)
        self._visits = self._days.visits(self.done)

    def write_some(self, connection: Connection) -> bool:
        """The next batch; False when nothing is left. An interruption leaves the store as it was before the batch."""
        whole, bulk = self._left.plan.exams, Bulk()
        visits = list(islice(self._visits, AT_ONCE))
        for visit in visits:
            self._writer.write(bulk, visit, kept=whole - self.done <= KEPT)
            self.done += 1
        if visits:
            with connection.begin():
                self._write(connection, bulk)
        return bool(visits)

    def arrive(self, connection: Connection, moment: datetime, dice: random.Random) -> None:
        """One exam more than planned: it has just ended at that moment and waits. In a transaction of its own."""
        bulk = Bulk()
        self._writer.write(bulk, self._days.arriving(dice, moment), kept=False)
        with connection.begin():
            bulk.write(connection)
            self._chains.write(connection)

    def population(self) -> Population:
        """What was made."""
        words = self._keyring.words
        return Population(
            replace(self._left, done=self.done, is_begun=True),
            self._society,
            self._titles,
            self._desks,
            words("password"),
            words("passphrase"),
            self._writer.report,
        )

    def _write(self, connection: Connection, bulk: Bulk, due: Sequence[Due] = ()) -> None:
        bulk.add(audit, replace(self._left, done=self.done).entry(os.getuid()))
        named = [*due, *named_rows(bulk)]
        bulk.write(connection)
        self._chains.write(connection)
        seal(connection, self._key, named)


_LIMIT = ("parameter", "low", "high", "version")
