"""The registry of converters: from which form into which, and the function that does it. Pure: bytes in, bytes out."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from central.imports import medics, worker_columns
from central.imports.field_maps import SHIPPED, headed
from central.imports.tables import TableRow, UnreadableTable
from central.journal.csv_file import csv_lines
from central.systems.code_translating import Bindings, translate
from central.systems.converting import exams, one_c
from central.systems.results import ExamResult, result_of
from central.systems.sent_form import REASONS, FormField
from sync.contract.canonical import canonical


class NotConverted(ValueError):
    """The file is not what it is said to be. The message says where."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a conversion is told beside the file: the partner's codes and form, and what the register calls the employer."""

    bindings: Bindings
    employer: str = ""
    form: Sequence[FormField] = ()


Converter = Callable[[bytes, Told], bytes]


ExamFormat = Callable[[ExamResult, Bindings, Sequence[FormField]], bytes]


def _of_exam(make: ExamFormat) -> Converter:
    def convert(content: bytes, told: Told) -> bytes:
        try:
            found = result_of(content)
        except ValueError as error:
            raise NotConverted("no signed record of a decision (dopusk.decision-record/1)") from error
        return make(found, told.bindings, told.form)

    return convert


def _workers(content: bytes, told: Told) -> bytes:
    """All entities in one JSON file, or the catalogue of staff alone as JSON or Atom."""
    try:
        if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") or one_c.STAFF.encode() not in content:
            entities = {one_c.STAFF: one_c.read_answer(content, one_c.STAFF)}
        else:
            entities = one_c.read_whole(content)
        rows = one_c.workers_of(entities, told.employer)
    except one_c.UnreadableStaff as error:
        raise NotConverted(str(error)) from error
    return _csv([name for name in worker_columns.HEADINGS if any(name in row for row in rows)], rows)


def _medics(content: bytes, told: Told) -> bytes:
    """A file of the federal register, in the headings of the shipped map."""
    del told
    chosen = SHIPPED["medics"]
    try:
        rows = medics.read_file(content, chosen)
    except UnreadableTable as error:
        raise NotConverted(str(error)) from error
    return _csv(*headed(chosen, rows))


def _reasons(content: bytes, told: Told) -> bytes:
    """A list of our codes of reasons as JSON; out comes the list of the partner's. Raises `Unmapped`."""
    try:
        codes = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NotConverted("no JSON") from error
    if not isinstance(codes, list) or not all(isinstance(one, str) for one in codes):
        raise NotConverted("no list of codes")
    return canonical([one.plain() for one in translate(told.bindings, REASONS, codes)])


def _csv(headings: Sequence[str], rows: Sequence[TableRow]) -> bytes:
    return b"".join(csv_lines(headings, [[row.get(name, "") for name in headings] for row in rows]))


EXAM_FORMATS: Mapping[str, ExamFormat] = {
    "result-json": exams.result_json,
    "result-csv": exams.result_csv,
    "result-xlsx": exams.result_xlsx,
    "decision-json": exams.decision_json,
}
"""What goes to partners, by the name in `central.toml`."""

CONVERTERS: Mapping[tuple[str, str], Converter] = {
    **{("exam", name): _of_exam(make) for name, make in EXAM_FORMATS.items()},
    ("1c", "workers"): _workers,
    ("frmr", "medics"): _medics,
    ("reasons", "partner-codes"): _reasons,
}
"""By form of the file and form that is wanted."""


def convert(source: str, target: str, content: bytes, told: Told) -> bytes:
    """Convert a file. Raises `NotConverted`, `Unmapped`, and `KeyError` for a pair that there is none of."""
    return CONVERTERS[source, target](content, told)
