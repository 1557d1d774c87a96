"""Tables of conclusions as files: XLSX with typed cells, and A4 for the folder. Both say what has no force."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response

from central.console.context import Visitor, console_of
from central.imports.tables import write_table
from central.journal.pdf_file import write_pdf
from central.papers.fonts import FontsMissing
from central.store import registry
from central.store.engine import reading
from central.words import wording
from central.words.no_force import band, file_name
from central.words.table_values import Value, words
from central.words.texts import text
from central.words.xlsx_sheet import titles

PRINTED_MOST = 5000
"""So many lines are printed at once: a PDF is held in memory until it is complete."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class FileTable:
    """A table to be written. `columns`: key of each heading, with its share of the printed width."""

    name: str
    """Of the file, without its ending."""
    title: str
    columns: Mapping[str, float]
    rows: Iterable[Sequence[Value]]

    def headings(self, language: str) -> list[str]:
        """In the reader's language."""
        return [text(language, key) for key in self.columns]


def as_xlsx(request: Request, visitor: Visitor, table: FileTable) -> Response:
    """The table as a workbook."""
    generation, language = console_of(request).config.generation, visitor.look.language
    over = band(generation, language)
    content = write_table(
        table.headings(language),
        list(table.rows),
        over,
        name=table.title,
        title=list(titles([table.title, zone_line(request, visitor)], over)),
    )
    name = file_name(generation, f"{table.name}.xlsx")
    return Response(content, media_type=_XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def as_pdf(request: Request, visitor: Visitor, table: FileTable) -> Response:
    """The table on A4."""
    generation, language = console_of(request).config.generation, visitor.look.language
    orgs = visitor.account.orgs
    with reading(console_of(request).engine) as connection:
        names = [row["name"] for org in orgs if (row := registry.get_organisation(connection, org))]
    with tempfile.TemporaryDirectory(prefix="dopusk-conclusions-") as folder:
        path = Path(folder) / "table.pdf"
        try:
            write_pdf(
                path,
                [table.title, "; ".join(names), zone_line(request, visitor)],
                table.headings(language),
                list(table.columns.values()),
                ([words(value, language) for value in row] for row in table.rows),
                band=band(generation, language),
                language=language,
            )
        except FontsMissing:
            return Response(text(language, "paper.no_fonts"), 500, media_type="text/plain; charset=utf-8")
        content = path.read_bytes()
    name = file_name(generation, f"{table.name}.pdf")
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


def zone_line(request: Request, visitor: Visitor) -> str:
    """Which clock the moments of a file are by."""
    look = visitor.look
    return text(look.language, "journal.zone", zone=wording.zone_words(look.zone, console_of(request).clock()))
