"""Cuts a list of workers, or its changes, into messages of a size that the wire allows. Pure."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sync.contract.canonical import canonical
from sync.contract.roster import ROSTER_SCHEMA, RosterWorker, roster_digest
from sync.contract.roster_delta import ROSTER_DELTA_SCHEMA

PART_BYTES = 256 * 1024
"""So many bytes of workers go into one part; the envelope around them is small beside the wire's limit of 512 KiB."""


@dataclass(frozen=True, slots=True)
class RosterList:
    """One organisation's workers as they travel, already cut: the same parts serve all terminals of the organisation."""

    parts: tuple[tuple[dict[str, Any], ...], ...]
    sha256: str
    schema = ROSTER_SCHEMA

    @classmethod
    def of(cls, workers: Sequence[RosterWorker], most_bytes: int = PART_BYTES) -> "RosterList":
        """Cut between workers, so that each part has at most `most_bytes` unless one worker alone has more."""
        return cls.of_plain([worker.model_dump(mode="json") for worker in workers], most_bytes)

    @classmethod
    def of_plain(cls, workers: Sequence[dict[str, Any]], most_bytes: int = PART_BYTES) -> "RosterList":
        """The same of workers that are plain JSON values already."""
        return cls(tuple(_cut(workers, most_bytes)), roster_digest(workers))

    @classmethod
    def of_bodies(cls, bodies: Sequence[str], most_bytes: int = PART_BYTES) -> "RosterList":
        """The same of workers that stand in canonical JSON already: nothing is written anew to be measured."""
        digest = hashlib.sha256()
        for body in bodies:
            digest.update(body.encode("utf-8") + b"\n")
        return cls(tuple(_cut_bodies(bodies, most_bytes)), digest.hexdigest())

    def payloads(self, version: int) -> Iterator[dict[str, Any]]:
        """The payloads of `down/roster`, part by part."""
        for number, workers in enumerate(self.parts, start=1):
            head = {"version": version, "part": number, "parts": len(self.parts), "sha256": self.sha256}
            yield head | {"workers": list(workers)}


@dataclass(frozen=True, slots=True)
class RosterDifference:
    """What changes in one list, already cut: the same parts serve all terminals that have this list."""

    base_sha256: str
    """Digest of the list that it is applied to."""
    sha256: str
    """Digest of the list afterwards."""
    employers: tuple[str, ...] | None
    parts: tuple[tuple[dict[str, Any], ...], ...]
    removed: tuple[str, ...]
    schema = ROSTER_DELTA_SCHEMA

    @classmethod
    def of(
        cls,
        base_sha256: str,
        sha256: str,
        changed: Sequence[str],
        removed: Sequence[str],
        employers: Sequence[str] | None = None,
        most_bytes: int = PART_BYTES,
    ) -> "RosterDifference":
        """Cut between workers. `changed` are entries in canonical JSON.

        `employers`: the only ones whose workers stay; None says nothing of employers.
        """
        kept = None if employers is None else tuple(sorted(employers))
        return cls(base_sha256, sha256, kept, tuple(_cut_bodies(changed, most_bytes)), tuple(removed))

    def payloads(self, version: int, base_version: int) -> Iterator[dict[str, Any]]:
        """The payloads of `down/roster`, part by part. Ids of those who go are spread over the parts."""
        most = max(1, PART_BYTES // _ID_BYTES)
        ids = [self.removed[start : start + most] for start in range(0, len(self.removed), most)]
        count = max(len(self.parts), len(ids))
        for number in range(1, count + 1):
            # What says nothing is left out: most differences are one worker long.
            payload: dict[str, Any] = {
                "base": {"version": base_version, "sha256": self.base_sha256},
                "version": version,
                "sha256": self.sha256,
            }
            if count > 1:
                payload |= {"part": number, "parts": count}
            if self.employers is not None:
                payload["employers"] = list(self.employers)
            if number <= len(ids):
                payload["removed"] = list(ids[number - 1])
            if number <= len(self.parts) and self.parts[number - 1]:
                payload["changed"] = list(self.parts[number - 1])
            yield payload


_ID_BYTES = 40


def _cut(workers: Sequence[dict[str, Any]], most_bytes: int) -> Iterator[tuple[dict[str, Any], ...]]:
    return _cut_bodies([canonical(worker).decode("utf-8") for worker in workers], most_bytes)


def _cut_bodies(bodies: Sequence[str], most_bytes: int) -> Iterator[tuple[dict[str, Any], ...]]:
    part: list[dict[str, Any]] = []
    size = 0
    for body in bodies:
        bytes_of_worker = len(body.encode("utf-8")) + 1
        if part and size + bytes_of_worker > most_bytes:
            yield tuple(part)
            part, size = [], 0
        part.append(json.loads(body))
        size += bytes_of_worker
    # Nobody at all is a list too: the one that empties the terminal.
    yield tuple(part)
