"""Workbooks written part by part, as programs other than ours write them, and files that were damaged on the way."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence

from central.imports.tables import write_table

_SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET, STYLES, BOOK = "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"


def text_cell(place: str, words: str) -> str:
    """A cell with its text inside."""
    return f'<c r="{place}" t="inlineStr"><is><t>{words}</t></is></c>'


def row_of(number: int, cells: Sequence[str]) -> str:
    """A row of texts from column A on; an empty text is no cell."""
    made = "".join(text_cell(f"{chr(65 + place)}{number}", words) for place, words in enumerate(cells) if words)
    return f'<row r="{number}">{made}</row>'


def workbook(
    *rows: str,
    dimension: str = "",
    formats: Sequence[str] = (),
    book: str = "",
    sheets: Sequence[tuple[str, str, str]] = (),
    styles: str | None = None,
) -> bytes:
    """A workbook of one sheet with these `<row>`s.

    `formats`: number formats of styles 1, 2 …; `sheets`: name, state and rows of more sheets; `book`: more of the workbook's part.
    """
    claimed = f'<dimension ref="{dimension}"/>' if dimension else ""
    all_sheets = [("Лист1", "visible", "".join(rows)), *sheets]
    codes = "".join(f'<numFmt numFmtId="{200 + n}" formatCode="{code}"/>' for n, code in enumerate(formats))
    styled = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(len(formats)))
    styled = f'<cellXfs><xf numFmtId="0"/>{styled}</cellXfs>'
    own_styles = f'<styleSheet xmlns="{_SPACE}"><numFmts>{codes}</numFmts>{styled}</styleSheet>'
    names = "".join(
        f'<sheet name="{name}" sheetId="{n}" state="{state}" r:id="s{n}"/>'
        for n, (name, state, _) in enumerate(all_sheets, start=1)
    )
    targets = "".join(
        f'<Relationship Id="s{n}" Type="{_KINDS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(all_sheets) + 1)
    )
    parts = {
        "_rels/.rels": f'<Relationships><Relationship Id="r" Type="{_KINDS}/officeDocument" '
        f'Target="xl/workbook.xml"/></Relationships>',
        BOOK: f'<workbook xmlns="{_SPACE}" xmlns:r="{_KINDS}">{book}<sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships>{targets}"
        f'<Relationship Id="y" Type="{_KINDS}/styles" Target="styles.xml"/></Relationships>',
        STYLES: own_styles if styles is None else styles,
    }
    for n, (_, _, content) in enumerate(all_sheets, start=1):
        inside = f"{claimed if n == 1 else ''}<sheetData>{content}</sheetData>"
        parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{_SPACE}">{inside}</worksheet>'
    return packed({name: part.encode() for name, part in parts.items()})


def packed(parts: Mapping[str, bytes]) -> bytes:
    """A ZIP of these parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return stream.getvalue()


def unpacked(content: bytes) -> dict[str, bytes]:
    """The parts of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_part(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with one part changed."""
    parts = unpacked(content)
    return packed(parts | {name: change(parts[name])})


def table(headings: Sequence[str], *rows: Mapping[str, str]) -> bytes:
    """A workbook of ours with these rows."""
    return write_table(headings, [[row.get(name, "") for name in headings] for row in rows])
