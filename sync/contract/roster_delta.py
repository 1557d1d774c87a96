"""Differences of rosters: what a terminal has, what changes, and what it has then.

A list is named by the digest of its workers, made from one digest for each of them. Both sides keep these, so that a change of
one worker among twenty thousand costs the hash of one, and the sorting of the rest.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from sync.contract.canonical import canonical, sha256_hex
from sync.contract.model import Id, Sha256, WireModel
from sync.contract.roster import RosterWorker

ROSTER_DELTA_SCHEMA = "dopusk.roster_delta/1"


class RosterHeld(WireModel):
    """The list that a terminal has: its version and its `list_digest`. Version 0 is no list at all."""

    version: int = Field(ge=0)
    sha256: Sha256


class RosterState(RosterHeld):
    """What a terminal says of its list. Whoever says it understands differences."""

    asks_whole: bool = False
    """A difference did not fit what is there: the centre sends what leads from here, or the whole list."""


class RosterDelta(WireModel):
    """Payload of `down/roster` under a schema of its own: what changes in the list `base`, or a numbered part of that.

    Applied in this order: workers of employers that are not in `employers` go, then the `removed` ones, then each of `changed`
    replaces the worker of the same id or is added. The result has the digest `sha256`, or nothing was changed.
    """

    base: RosterHeld
    version: int = Field(ge=1)
    sha256: Sha256
    """`list_digest` of the list afterwards."""
    part: int = Field(default=1, ge=1)
    parts: int = Field(default=1, ge=1, le=10_000)
    employers: tuple[Id, ...] | None = None
    """The only employers whose workers stay; None says nothing of employers. The same in every part."""
    removed: tuple[Id, ...] = ()
    changed: tuple[RosterWorker, ...] = ()

    @model_validator(mode="after")
    def _leads_on(self) -> Self:
        if self.part > self.parts:
            raise ValueError("a part's number is at most the number of parts")
        if self.version <= self.base.version:
            raise ValueError("a difference leads to a higher version")
        return self


def worker_digest(plain: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of one worker as it travels."""
    return sha256_hex(canonical(dict(plain)))


def employer_digest(worker_digests: Iterable[str]) -> str:
    """SHA-256 over the digests of one employer's workers, sorted, each on a line of its own."""
    return sha256_hex("".join(f"{digest}\n" for digest in sorted(worker_digests)).encode("ascii"))


def list_digest(employer_digests: Mapping[str, str]) -> str:
    """SHA-256 over employers and their digests, sorted by employer; an employer without workers is left out."""
    whole = hashlib.sha256()
    for employer_id in sorted(employer_digests):
        whole.update(f"{employer_id} {employer_digests[employer_id]}\n".encode())
    return whole.hexdigest()


EMPTY_LIST = list_digest({})
"""Digest of a list without anybody."""
