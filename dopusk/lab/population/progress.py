"""The progress of a population: entries of the centre's access log, each in the transaction that it reports."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, literal, select

from central.core.clock import now_utc
from central.core.days import zone_name, zone_of
from central.store.audit import COMMAND_LINE, audit
from central.store.exams import exam
from central.store.registry import organisation
from dopusk.lab.population.plan import Plan
from sync.contract.canonical import new_id

ACTION = "store.populate"


class PopulationRefused(ValueError):
    """The store or the plan is not one to be filled so; the message says why and who must act."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One population. `number`: the how manieth of the store, from 1; `name`: what its keys and ids follow from."""

    number: int
    name: str
    plan: Plan
    done: int
    """Exams that are written."""
    is_begun: bool
    """Whether the people are in the registers."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to be done."""
        return self.done >= self.plan.exams

    def entry(self, uid: int) -> dict[str, Any]:
        """The row of the access log that tells it."""
        told = asdict(self.plan) | {
            "until": self.plan.until.isoformat(),
            "zone": zone_name(self.plan.zone, self.plan.until),
        }
        return {
            "audit_id": new_id(),
            "at": now_utc(),
            "account_id": None,
            "address": COMMAND_LINE,
            "action": ACTION,
            "subject": COMMAND_LINE,
            "org": None,
            "detail": {"uid": uid, "number": self.number, "population": self.name, "exams": self.done, "plan": told},
        }


def newest(connection: Connection) -> Progress | None:
    """The last population that was begun, as far as it has come."""
    query = select(audit.c.detail).where(audit.c.action == ACTION).order_by(audit.c.at.desc(), audit.c.audit_id.desc())
    detail = connection.execute(query.limit(1)).scalar_one_or_none()
    if detail is None:
        return None
    plan = dict(detail["plan"])
    plan["until"] = datetime.fromisoformat(plan["until"])
    plan["zone"] = zone_of(plan["zone"])
    return Progress(detail["number"], detail["population"], Plan(**plan), detail["exams"], True)


def begun_or_left(connection: Connection, plan: Plan, generation: str, name: str, *, is_more: bool) -> Progress:
    """Where to go on: a population that was broken off, or a new one. `is_more`: beside what is in the store already.

    Raises `PopulationRefused`: a real centre, a plan that cannot be, a store with something else in it.
    """
    if generation == "real":
        raise PopulationRefused(
            "a real centre takes no invented people; the administrator of the centre makes one of generation test or demo for them"
        )
    if faults := plan.faults():
        raise PopulationRefused("; ".join(faults))
    last = newest(connection)
    if last is not None and not last.is_whole:
        if _is_same(last.plan, plan):
            return last
        text = "a population of {} exams was broken off after {}; finish it first with the command that began it: {}"
        raise PopulationRefused(text.format(last.plan.exams, last.done, _options(last.plan)))
    if not is_more:
        if last is not None:
            raise PopulationRefused("the store holds a population already; with --add another one comes beside it")
        if _holds_anything(connection):
            text = "the store holds people or exams already; make a new centre, or put invented ones beside them with --add"
            raise PopulationRefused(text)
    return Progress(1 if last is None else last.number + 1, name, plan, 0, False)


_ASKED = ("organisations", "employers", "workers", "exams", "days", "seed", "terminals", "medics", "waiting")


def _is_same(one: Plan, other: Plan) -> bool:
    """Whether the same was asked for; the time of asking does not count."""
    return all(getattr(one, name) == getattr(other, name) for name in (*_ASKED, "frauds"))


def _options(plan: Plan) -> str:
    return " ".join([*(f"--{name} {getattr(plan, name)}" for name in _ASKED), *["--frauds"] * plan.frauds])


def _holds_anything(connection: Connection) -> bool:
    tables = (organisation, exam)
    return any(connection.execute(select(literal(1)).select_from(table).limit(1)).first() for table in tables)
