"""Examinations from a file: the very messages that terminals send, one a line, down the very path that ingest takes.

Published format, JSON Lines in UTF-8: `{"org": "<organisation>", "message": {<envelope with signature>}}`. The message is
checked, stored, counted and answered as if it had come over MQTT: signature of a registered terminal, chain, schema. The
same file twice changes nothing.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from central.intake import Arrival, Intake
from sync.contract.canonical import canonical
from sync.contract.topics import TerminalAddress, Up

BATCH = 200


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of one line. `outcome`: accepted, duplicate, refused; `code` says why."""

    line: int
    outcome: str
    code: str
    reason: str


def import_lines(intake: Intake, lines: Iterable[bytes]) -> Iterator[LineResult]:
    """Take a file line by line, in batches. One bad line never stops the others."""
    batch: list[tuple[int, Arrival]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            batch.append((number, _arrival(line)))
        except (ValueError, KeyError, TypeError) as error:
            yield LineResult(number, "refused", "malformed", f"not a line of this format: {error}")
        if len(batch) >= BATCH:
            yield from _take(intake, batch)
            batch = []
    yield from _take(intake, batch)


def _arrival(line: bytes) -> Arrival:
    fields = json.loads(line)
    message = fields["message"]
    address = TerminalAddress(str(fields["org"]), str(message["terminal_id"]))
    return Arrival(address.up(Up.EXAM), canonical(message))


def _take(intake: Intake, batch: list[tuple[int, Arrival]]) -> Iterator[LineResult]:
    verdicts = intake.take([arrival for _, arrival in batch]) if batch else []
    for (number, _), verdict in zip(batch, verdicts, strict=True):
        reason = verdict.receipt.reason if verdict.receipt is not None else ""
        yield LineResult(number, verdict.outcome, verdict.code, reason)
