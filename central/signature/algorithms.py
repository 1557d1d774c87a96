"""How long each algorithm of a time stamp is taken for good: data (`algorithms.toml`, and what central.toml says). Pure."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources

from central.core.config import AlgorithmTerm
from central.signature.stamp_line import StampError

LASTS = timedelta(days=365)
"""A digest for a new stamp is good for so long at least, where the list has such a one."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One algorithm. `until`: the last day on which it counts; None: no end is known."""

    name: str
    kind: str
    until: date | None
    basis: str


class Algorithms:
    """The list. What is not on it counts for nothing."""

    def __init__(self, listed: Sequence[Algorithm]) -> None:
        self._listed = {one.name: one for one in listed}

    @classmethod
    def of(cls, terms: Iterable[AlgorithmTerm]) -> "Algorithms":
        """Those that ship, with the terms that an installation sets."""
        listed = {one.name: one for one in _shipped()}
        for term in terms:
            listed[term.name] = Algorithm(term.name, term.kind, term.until, term.basis)
        return cls(tuple(listed.values()))

    def end(self, names: Iterable[str]) -> datetime | None:
        """When the first of these ends; None where no end is known. Raises `StampError` (`untrusted`) for one not listed."""
        ends = []
        for name in names:
            if name not in self._listed:
                raise StampError("untrusted", f"the algorithm {name} is not on the list")
            until = self._listed[name].until
            if until is not None:
                ends.append(datetime.combine(until, time(), UTC) + timedelta(days=1))
        return min(ends, default=None)

    def told(self) -> bytes:
        """The list as bytes that are equal where it is."""
        rows = sorted((one.name, one.kind, one.until.isoformat() if one.until else "") for one in self._listed.values())
        return repr(rows).encode()

    def digest(self, now: datetime) -> str:
        """The hash function for a stamp made now: the first that lasts, else the one that lasts longest."""
        known = [one for one in self._listed.values() if one.kind == "digest"]
        for one in known:
            if one.until is None or datetime.combine(one.until, time(), UTC) > now + LASTS:
                return one.name
        return max(known, key=lambda one: one.until or date.max).name


@cache
def _shipped() -> tuple[Algorithm, ...]:
    text = resources.files(__package__).joinpath("algorithms.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)["algorithm"]
    return tuple(Algorithm(one["name"], one["kind"], one.get("until"), one["basis"]) for one in found)
