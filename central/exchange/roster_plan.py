"""What a terminal's list needs: nothing, a note that it is right, a difference, or the whole. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from central.link.roster_lists import Target
from central.store.roster_sent import SentList, ToldList


@dataclass(frozen=True, slots=True)
class Stand:
    """What is known of a terminal that can be reached and has nothing to answer."""

    terminal_id: str
    roster_version: int
    """Of the last list that it was sent."""
    told: ToldList | None
    sent: Sequence[SentList]
    has_refused: bool
    """It refused a list, and nobody has sent it again."""

    @property
    def latest(self) -> SentList | None:
        """The last list that it was sent."""
        return next((one for one in self.sent if one.version == self.roster_version), None)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one terminal is to get. `known`: its list is right as it is, and only the centre did not know."""

    stand: Stand
    target: Target
    way: Literal["known", "difference", "whole"]
    base: SentList | None = None
    """For a difference: the list that the terminal has, as it was sent."""

    @property
    def told_version(self) -> int:
        return self.stand.told.version if self.stand.told is not None else 0

    @property
    def told_sha256(self) -> str:
        """Digest of what the terminal has."""
        return (self.stand.told.sha256 if self.stand.told is not None else None) or ""

    @property
    def is_of_before(self) -> bool:
        """Its program knows no differences and no dates. Of one that has said nothing yet that is not assumed."""
        return self.stand.told is not None and self.stand.told.sha256 is None

    @property
    def difference_key(self) -> object:
        """The same for all terminals that need the same difference."""
        base = self.base
        employers = None if base is None or base.employers is None else tuple(base.employers)
        return (base.position if base else None, employers, self.told_sha256, self.target)


def plan_of(stand: Stand, target: Target) -> Plan | None:
    """The shortest way to the right list; None where there is nothing to do."""
    told, latest = stand.told, stand.latest
    if stand.has_refused and latest is not None and target.holds(latest):
        return None  # this very list was refused: a person looks at it
    if told is None or told.sha256 is None:
        # It has what it was last sent: nothing is on its way any more.
        is_right = latest is not None and target.holds(latest)
        # A list that was made for a program of before has no digest, and nobody who is still to come.
        if told is not None and latest is not None and latest.sha256 and target.has_to_come:
            is_right = False
        return None if is_right else Plan(stand, target, "whole")
    base = _base(stand, told)
    if told.version > 0 and told.sha256 == target.sha256:
        return None if base is not None and target.holds(base) else Plan(stand, target, "known")
    if base is None:
        return Plan(stand, target, "whole")
    if target.holds(base):
        is_right = base.sha256 == told.sha256 and not told.asks_whole
        return None if is_right else Plan(stand, target, "whole")
    did_not_fit = told.asks_whole and latest is not None and latest.base_version == told.version
    return Plan(stand, target, "whole") if did_not_fit else Plan(stand, target, "difference", base)


def _base(stand: Stand, told: ToldList) -> SentList | None:
    """The list that the terminal says it has, if it is one that was sent to it."""
    for one in stand.sent:
        if one.version == told.version and one.sha256 in ("", told.sha256):
            return one
    return None
