"""Tables as Word documents (DOCX), for who passes them on: titles, a head on each page, typed rows as words."""

import copy
import io
from collections.abc import Iterable, Sequence

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Mm, Pt
from fastapi import Request, Response

from central.console.conclusion_files import FileTable, zone_line
from central.console.context import Visitor, console_of
from central.core.text_cleaning import xlsx_text
from central.words.no_force import band, file_name
from central.words.table_values import words

MOST_ROWS = 5000
"""So many rows are written at once: the document is held in memory until it is complete."""
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def as_docx(request: Request, visitor: Visitor, table: FileTable) -> Response:
    """The table as a document."""
    generation, language = console_of(request).config.generation, visitor.look.language
    over = band(generation, language)
    titles = [line for line in (over, table.title, zone_line(request, visitor)) if line]
    rows = ([words(value, language) for value in row] for row in table.rows)
    content = write_document(titles, table.headings(language), list(table.columns.values()), rows)
    name = file_name(generation, f"{table.name}.docx")
    return Response(content, media_type=_DOCX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def write_document(
    titles: Sequence[str], headings: Sequence[str], shares: Sequence[float], rows: Iterable[Sequence[str]]
) -> bytes:
    """A4, landscape. `shares` of the width, one for each column."""
    document = Document()
    document.core_properties.title, document.core_properties.author = titles[0], "Dopusk"
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Calibri", Pt(10)
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(12)
    section.top_margin = section.bottom_margin = Mm(12)
    for place, line in enumerate(titles):
        document.add_paragraph().add_run(xlsx_text(line)).bold = place == 0
    table = document.add_table(rows=1, cols=len(headings))
    table.style, table.autofit = "Table Grid", False
    inner = Mm(273)
    for cell, heading, share in zip(table.rows[0].cells, headings, shares, strict=True):
        cell.width = int(inner * share / sum(shares))
        cell.paragraphs[0].add_run(heading).bold = True
    head = table.rows[0]._tr  # noqa: SLF001  # the library has no word for a head that stands on each page
    head.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    plain = copy.deepcopy(head)
    plain.remove(plain.trPr)
    for bold in list(plain.iter(qn("w:rPr"))):
        bold.getparent().remove(bold)
    for row in rows:
        # A row made anew by the library looks through all rows before it.
        made = copy.deepcopy(plain)
        for place, text in zip(made.iter(qn("w:t")), row, strict=True):
            place.text = xlsx_text(text)
            place.set(qn("xml:space"), "preserve")
        table._tbl.append(made)  # noqa: SLF001
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()
