"""Examinations from a file: the very messages that terminals send, one a row, down the very path that ingest takes.

Published forms. JSON Lines in UTF-8: `{"org": "<organisation>", "message": {<envelope with signature>}}`. XLSX: columns
`Организация` and `Сообщение`, the latter the same envelope as JSON in one cell. Each message is checked, stored, counted
and answered as if it had come over MQTT: signature of a registered terminal, chain, schema. The same file twice changes
nothing. Refused rows can be written into a file of the same form with a field more that says what is wrong.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from central.checks import Refused, Rules, judge
from central.imports.tables import read_table, write_table
from central.intake import Arrival, Intake
from central.store import messages, terminals
from central.store.engine import reading
from central.store.metadata import now_utc
from sync.contract.canonical import canonical
from sync.contract.topics import TerminalAddress, Up, parse_topic

BATCH = 200
ORGANISATION, MESSAGE, FAULT = "Организация", "Сообщение", "Ошибка"
HEADINGS = (ORGANISATION, MESSAGE)
_ZIP = b"PK"


@dataclass(frozen=True, slots=True)
class ExamRow:
    """One row as it stands in the file. `org` is empty for a line that is no JSON object; `message` is its JSON text."""

    number: int
    org: str
    message: str


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row. `outcome`: accepted, duplicate, refused; `code` says why, `reason` in words."""

    row: ExamRow
    outcome: str
    code: str
    reason: str


def read_rows(content: bytes) -> Iterator[ExamRow]:
    """The rows of a file in either form; a line of JSON Lines counts from 1, a row of a workbook from 2.

    Raises `UnreadableTable` for a workbook that cannot be taken as a whole.
    """
    if content.startswith(_ZIP):
        for number, cells in enumerate(read_table(content, HEADINGS), start=2):
            yield ExamRow(number, cells[ORGANISATION], cells[MESSAGE])
        return
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            yield _line(number, line)


def import_rows(intake: Intake, rows: Iterable[ExamRow]) -> Iterator[RowResult]:
    """Take rows in batches. One bad row never stops the others."""
    for batch, bad in _batches(rows):
        yield from bad
        verdicts = intake.take([arrival for _, arrival in batch]) if batch else []
        for (row, _), verdict in zip(batch, verdicts, strict=True):
            reason = verdict.receipt.reason if verdict.receipt is not None else ""
            yield RowResult(row, verdict.outcome, verdict.code, reason)


def check_rows(engine: Engine, rules: Rules, rows: Iterable[ExamRow]) -> Iterator[RowResult]:
    """What `import_rows` would say of each row, storing nothing; rows of one file are not compared with each other."""
    for batch, bad in _batches(rows):
        yield from bad
        with reading(engine) as connection:
            named = sorted({parse_topic(arrival.topic)[0].terminal for _, arrival in batch})
            known = terminals.known(connection, named)
            now = now_utc()
            judged = [(row, judge(arrival.topic, arrival.wire, known, rules, now)) for row, arrival in batch]
            ids = [item.envelope.message_id for _, item in judged if not isinstance(item, Refused)]
            stored = messages.stored(connection, ids) if ids else {}
        for row, item in judged:
            if isinstance(item, Refused):
                yield RowResult(row, "refused", item.code, item.reason)
                continue
            before = stored.get(item.envelope.message_id)
            if before is None:
                yield RowResult(row, "accepted", "", "")
            elif before.sha256 == item.sha256:
                yield RowResult(row, "duplicate", "", "")
            else:
                yield RowResult(row, "refused", "message_id_reused", "another message was stored under this id")


def fault_file(results: Iterable[RowResult], *, as_workbook: bool) -> bytes:
    """The refused rows in the form they came in, each with what is wrong; can be taken again once put right."""
    refused = [item for item in results if item.outcome == "refused"]
    if as_workbook:
        return write_table([*HEADINGS, FAULT], [[item.row.org, item.row.message, _words(item)] for item in refused])
    return b"".join(_fault_line(item) for item in refused)


def _batches(rows: Iterable[ExamRow]) -> Iterator[tuple[list[tuple[ExamRow, Arrival]], list[RowResult]]]:
    batch: list[tuple[ExamRow, Arrival]] = []
    bad: list[RowResult] = []
    for row in rows:
        try:
            batch.append((row, _arrival(row)))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            bad.append(RowResult(row, "refused", "malformed", f"not a row of this form: {error}"))
        if len(batch) + len(bad) >= BATCH:
            yield batch, bad
            batch, bad = [], []
    yield batch, bad


def _line(number: int, line: bytes) -> ExamRow:
    text = line.decode("utf-8", errors="replace").strip()
    try:
        fields: Any = json.loads(text)
    except (ValueError, RecursionError):
        return ExamRow(number, "", text)
    if not isinstance(fields, dict) or "message" not in fields:
        return ExamRow(number, "", text)
    return ExamRow(number, str(fields.get("org", "")), json.dumps(fields["message"], ensure_ascii=False))


def _arrival(row: ExamRow) -> Arrival:
    message = json.loads(row.message)
    if not row.org:
        raise ValueError("the organisation or the message is missing")
    if not isinstance(message, dict):
        raise TypeError("the message is not a JSON object")
    address = TerminalAddress(row.org, str(message["terminal_id"]))
    return Arrival(address.up(Up.EXAM), canonical(message))


def _words(item: RowResult) -> str:
    return f"{item.code}: {item.reason}" if item.reason else item.code


def _fault_line(item: RowResult) -> bytes:
    try:
        fields = {"org": item.row.org, "message": json.loads(item.row.message)}
    except (ValueError, RecursionError):
        fields = {"text": item.row.message}
    return json.dumps(fields | {"error": _words(item)}, ensure_ascii=False).encode("utf-8") + b"\n"
