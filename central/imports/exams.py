"""Imports examinations from a file: signed messages of terminals, one a row, through the same intake as ingest.

Published forms. JSON Lines in UTF-8: `{"org": "<organisation>", "message": {<envelope with signature>}}`. XLSX: columns
`Организация` and `Сообщение`, the latter the same envelope as JSON in one cell. Each message is checked, stored, counted
and answered as if it had come over MQTT: signature of a registered terminal, chain, schema. The same file twice changes
nothing. Refused rows can be written into a file of the same form with one field more that says what is wrong (in JSON Lines also
`code`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from central.core.clock import now_utc
from central.core.text_cleaning import encodable
from central.exchange.checks import Refused, Rules, judge
from central.exchange.intake import Arrival, Intake
from central.imports.exam_faults import fault_words
from central.imports.tables import MAX_UNPACKED_BYTES, Columns, read_table, write_table
from central.imports.workbook import Bounds
from central.store import messages, terminals
from central.store.engine import reading
from central.words.table_values import Value
from sync.contract.canonical import canonical
from sync.contract.topics import TerminalAddress, Up, parse_topic

BATCH = 200
ORGANISATION, MESSAGE, FAULT = "Организация", "Сообщение", "Ошибка"
HEADINGS = (ORGANISATION, MESSAGE)
COLUMNS = Columns(HEADINGS, known=(*HEADINGS, FAULT), verbatim=(MESSAGE,))
BOUNDS = Bounds(MAX_UNPACKED_BYTES, elements=2_200_000, chars=200_000_000)
"""Messages are long, and a job has memory of its own."""
_ZIP = b"PK"
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
"""What editors and shells put before a text; JSON has no such sign (RFC 8259, 8.1)."""


@dataclass(frozen=True, slots=True)
class ExamRow:
    """One row as it stands in the file. `org` is empty for a line that is no JSON object; `message` is its JSON text."""

    number: int
    org: str
    message: str


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row. `outcome`: accepted, duplicate, refused; `code` and `facts` say why, `fault_words` in words."""

    row: ExamRow
    outcome: str
    code: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


class _BadRow(Exception):
    """A row that holds no message. `form` says what is wrong with it, a word of `exam_import.detail.malformed`."""

    def __init__(self, form: str) -> None:
        super().__init__(form)
        self.form = form


def read_rows(content: bytes) -> Iterator[ExamRow]:
    """The rows of a file in either form; lines of JSON Lines and rows of a sheet have the numbers that they have there.

    Raises `UnreadableTable` for a workbook that cannot be taken as a whole.
    """
    if content.startswith(_ZIP):
        for row in read_table(content, HEADINGS, columns=COLUMNS, bounds=BOUNDS):
            yield ExamRow(row.number, row[ORGANISATION], row[MESSAGE])
        return
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "")
    if encoding:
        content = content.decode(encoding, errors="replace").encode("utf-8")
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            yield _line(number, line)


def import_rows(intake: Intake, rows: Iterable[ExamRow]) -> Iterator[RowResult]:
    """Take rows in batches. One bad row never stops the others."""
    for batch, bad in _batches(rows):
        yield from bad
        verdicts = intake.take([arrival for _, arrival in batch]) if batch else []
        for (row, _), verdict in zip(batch, verdicts, strict=True):
            yield RowResult(row, verdict.outcome, verdict.code, verdict.facts)


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
                yield RowResult(row, "refused", item.code, item.facts)
                continue
            before = stored.get(item.envelope.message_id)
            if before is None:
                yield RowResult(row, "accepted")
            elif before.sha256 == item.sha256:
                yield RowResult(row, "duplicate")
            else:
                yield RowResult(row, "refused", "message_id_reused")


def fault_file(results: Iterable[RowResult], language: str, *, as_workbook: bool) -> bytes:
    """The refused rows in the form they came in, each with what is wrong; can be taken again once put right."""
    refused = [(item, fault_words(item.code, item.facts, language)) for item in results if item.outcome == "refused"]
    if as_workbook:
        rows: list[list[Value]] = [
            [item.row.org, item.row.message, ": ".join(filter(None, words))] for item, words in refused
        ]
        return write_table([*HEADINGS, FAULT], rows)
    return b"".join(_fault_line(item, ": ".join(filter(None, words))) for item, words in refused)


def _batches(rows: Iterable[ExamRow]) -> Iterator[tuple[list[tuple[ExamRow, Arrival]], list[RowResult]]]:
    batch: list[tuple[ExamRow, Arrival]] = []
    bad: list[RowResult] = []
    for row in rows:
        try:
            batch.append((row, _arrival(row)))
        except _BadRow as error:
            bad.append(RowResult(row, "refused", "malformed", {"form": error.form}))
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
    try:
        message = json.loads(row.message)
    except (ValueError, RecursionError) as error:
        raise _BadRow("not_json") from error
    if not row.org:
        raise _BadRow("no_organisation")
    if encodable(row.org) != row.org:
        raise _BadRow("bad_name")
    if not isinstance(message, dict):
        raise _BadRow("no_object")
    if not isinstance(message.get("terminal_id"), str):
        raise _BadRow("no_terminal")
    try:
        wire = canonical(message)
    except (ValueError, TypeError, RecursionError) as error:
        raise _BadRow("not_canonical") from error
    topic = TerminalAddress(row.org, message["terminal_id"]).up(Up.EXAM)
    try:
        parse_topic(topic)
    except ValueError as error:
        # A slash in a name would make another topic.
        raise _BadRow("bad_name") from error
    return Arrival(topic, wire)


def _fault_line(item: RowResult, words: str) -> bytes:
    try:
        fields = {"org": item.row.org, "message": json.loads(item.row.message)}
    except (ValueError, RecursionError):
        fields = {"text": item.row.message}
    said = fields | {"error": words, "code": item.code}
    line = json.dumps(said, ensure_ascii=False)
    # Half of a surrogate pair can be written in JSON, though in no UTF-8: the row stays what it was.
    return (line if encodable(line) == line else json.dumps(said)).encode("utf-8") + b"\n"
