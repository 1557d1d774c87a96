"""A statement as files: the workbook with a row for each day and kind, and the act of services as a text document.

Both are made of what was stored when the statement was issued, and say its number, version and hash.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt
from openpyxl import Workbook

from central.contracts.money import roubles
from central.core.text_cleaning import xlsx_text
from central.store.statements import Statement
from central.words.table_values import Number, Value
from central.words.texts import text
from central.words.xlsx_sheet import titles, write_sheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class Service:
    """Exams of one kind at one price by one contract."""

    contract: str
    exam_type: str
    kopecks: int
    count: int

    @property
    def sum_kopecks(self) -> int:
        """What they cost together."""
        return self.kopecks * self.count


def services_of(content: Mapping[str, Any]) -> list[Service]:
    """The lines of all days, brought together: what an act names. A price that changes makes a line of its own."""
    counts: dict[tuple[str, str, int], int] = {}
    for line in content["lines"]:
        key = (line["contract"], line["exam_type"], line["kopecks"])
        counts[key] = counts.get(key, 0) + line["count"]
    return [Service(*key, count) for key, count in counts.items()]


def head_of(item: Statement, language: str) -> list[str]:
    """What stands over the table of every form of a statement."""
    content, said = item.content, f"{item.issued_at.astimezone():%d.%m.%Y}"
    lines = [
        text(language, "statement.title", number=item.words, day=said),
        text(language, "statement.month_of", month=month_words(item.month)),
        text(
            language,
            "statement.between",
            organisation=party(content["organisation"], language),
            employer=party(content["employer"], language),
        ),
        text(language, "statement.by_days", offset=f"UTC{content['offset'][:3]}:{content['offset'][3:]}"),
        *content["vat_notes"],
    ]
    if item.version > 1:
        was, now = roubles(content["sum_was"], language), roubles(item.sum_kopecks, language)
        lines.append(text(language, "statement.replaces", version=item.version - 1, was=was, now=now))
    return lines


def left_out_words(left_out: Mapping[str, int], language: str) -> list[str]:
    """How many exams are not billed, with the reason of each group."""
    return [text(language, f"statement.left_out.{why}", count=count) for why, count in sorted(left_out.items())]


def month_words(month: str) -> str:
    """A month as people write it: `11.2026`."""
    return f"{month[5:]}.{month[:4]}"


def party(said: Mapping[str, Any], language: str) -> str:
    """Name and taxpayer number of one side."""
    return f"{said['name']}" + (f" ({text(language, 'registers.inn')} {said['inn']})" if said.get("inn") else "")


def as_xlsx(item: Statement, language: str, band: str) -> bytes:
    """The workbook: a row for each day and kind, the sum, what was left out, and what a new version changes."""
    book = Workbook(write_only=True)
    content = item.content
    notes = [*head_of(item, language), *left_out_words(content["left_out"], language), f"SHA-256: {item.sha256}"]
    rows: list[Sequence[Value]] = [
        (
            date.fromisoformat(line["day"]),
            text(language, f"exam_type.{line['exam_type']}"),
            line["contract"],
            line["count"],
            line["in_rooms"],
            _money(line["kopecks"]),
            _money(line["sum_kopecks"]),
        )
        for line in content["lines"]
    ]
    rows.append((text(language, "statement.sum"), None, None, content["count"], None, None, _money(item.sum_kopecks)))
    headings = [text(language, f"statement.column.{name}") for name in COLUMNS]
    name = text(language, "statement.sheet")
    write_sheet(book, name, headings, rows, title=list(titles(notes, band)), band=band, text_columns=(2,))
    if content["difference"]:
        changed = [
            (
                date.fromisoformat(one["day"]),
                text(language, f"exam_type.{one['exam_type']}"),
                one["contract"],
                one["count_was"],
                one["count"],
                _money(one["sum_was"]),
                _money(one["sum_kopecks"]),
            )
            for one in content["difference"]
        ]
        headings = [text(language, f"statement.column.{name}") for name in CHANGED]
        write_sheet(book, text(language, "statement.difference"), headings, changed, band=band, text_columns=(2,))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


COLUMNS = ("day", "exam_type", "contract", "count", "in_rooms", "price", "sum")
CHANGED = ("day", "exam_type", "contract", "count_was", "count", "sum_was", "sum")


def _money(kopecks: int) -> Number:
    return Number(Decimal(kopecks) / 100, 2)


def as_docx(item: Statement, language: str, band: str) -> bytes:
    """The act of services: each kind and price with its number and sum, and the places of two signatures."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    document.styles["Normal"].font.name = "Times New Roman"
    document.styles["Normal"].font.size = Pt(11)
    if band:
        section.header.paragraphs[0].text = band
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    said = f"{item.issued_at.astimezone():%d.%m.%Y}"
    run = title.add_run(text(language, "statement.act_title", number=item.words, day=said))
    run.bold, run.font.size = True, Pt(13)
    for line in head_of(item, language)[1:]:
        document.add_paragraph(xlsx_text(line))
    headings = [
        text(language, f"statement.column.{name}") for name in ("exam_type", "contract", "count", "price", "sum")
    ]
    services = services_of(item.content)
    table = document.add_table(rows=1, cols=len(headings))
    table.style = "Table Grid"
    _fill(table.rows[0], headings, bold=True)
    for one in services:
        said = text(language, "statement.service", kind=text(language, f"exam_type.{one.exam_type}"))
        money = (roubles(one.kopecks, language), roubles(one.sum_kopecks, language))
        _fill(table.add_row(), [said, xlsx_text(one.contract), str(one.count), *money])
    total = ["", str(item.content["count"]), "", roubles(item.sum_kopecks, language)]
    _fill(table.add_row(), [text(language, "statement.sum"), *total], bold=True)
    document.add_paragraph()
    document.add_paragraph(text(language, "statement.accepted"))
    signatures = document.add_table(rows=1, cols=2)
    names = (item.content["organisation"], item.content["employer"])
    for cell, key, side in zip(signatures.rows[0].cells, ("performer", "customer"), names, strict=True):
        cell.text = (
            f"{text(language, f'statement.{key}')}\n{xlsx_text(party(side, language))}\n\n____________ / ____________ /"
        )
    section.footer.paragraphs[0].text = text(language, "statement.foot", sha256=item.sha256)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _fill(row: Any, words: Sequence[str], *, bold: bool = False) -> None:
    for place, (cell, said) in enumerate(zip(row.cells, words, strict=True)):
        run = cell.paragraphs[0].add_run(said)
        run.bold = bold
        if place >= 2:
            cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
