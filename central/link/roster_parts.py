"""Cutting the list of workers into messages that the wire takes. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sync.contract.canonical import canonical
from sync.contract.roster import RosterWorker, roster_digest

PART_BYTES = 256 * 1024
"""So many bytes of workers go into one part; the envelope around them is small beside the wire's limit of 512 KiB."""


@dataclass(frozen=True, slots=True)
class RosterList:
    """One organisation's workers as they travel, already cut: the same parts serve all terminals of the organisation."""

    parts: tuple[tuple[dict[str, Any], ...], ...]
    sha256: str

    @classmethod
    def of(cls, workers: Sequence[RosterWorker], most_bytes: int = PART_BYTES) -> "RosterList":
        """Cut between workers, so that each part has at most `most_bytes` unless one worker alone has more."""
        plain = [worker.model_dump(mode="json") for worker in workers]
        return cls(tuple(_cut(plain, most_bytes)), roster_digest(plain))

    def payloads(self, version: int) -> Iterator[dict[str, Any]]:
        """The payloads of `down/roster`, part by part."""
        for number, workers in enumerate(self.parts, start=1):
            head = {"version": version, "part": number, "parts": len(self.parts), "sha256": self.sha256}
            yield head | {"workers": list(workers)}


def _cut(workers: Sequence[dict[str, Any]], most_bytes: int) -> Iterator[tuple[dict[str, Any], ...]]:
    part: list[dict[str, Any]] = []
    size = 0
    for worker in workers:
        bytes_of_worker = len(canonical(worker)) + 1
        if part and size + bytes_of_worker > most_bytes:
            yield tuple(part)
            part, size = [], 0
        part.append(worker)
        size += bytes_of_worker
    # Nobody at all is a list too: the one that empties the terminal.
    yield tuple(part)
