"""The hand-over sheet of a key carrier: A4, in Russian, for two signatures in ink. Long names are wrapped."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from central.papers.fonts import BOLD, REGULAR, register_fonts
from central.words.texts import text

_EDGE = 20 * mm
_PADDING = 6
"""Points that the frame of a page keeps free at each side."""
_INNER = A4[0] - 2 * _EDGE - 2 * _PADDING
_LABELS = 52 * mm
_DUTIES = (
    "Носитель хранится так, чтобы к нему не было доступа у посторонних. ПИН-код и пароль никому не сообщаются и не "
    "записываются на носителе.",
    "Носитель не передаётся другому человеку и не оставляется в считывателе без присмотра.",
    "Об утере, поломке или подозрении, что ключ узнал кто-то ещё, держатель сообщает администратору сразу: сертификат "
    "будет отозван.",
    "При увольнении или смене обязанностей носитель возвращается.",
)


@dataclass(frozen=True, slots=True)
class HandOver:
    """What stands on the sheet. `carrier`: the row of the register; `serials`: of certificates whose key is on it."""

    carrier: Mapping[str, Any]
    organisation: str
    position: str
    serials: tuple[str, ...]
    band: str = ""
    """Printed across the top of sheets of a demonstration or a test."""


def sheet_of(what: HandOver) -> bytes:
    """The sheet as a PDF. Raises `FontsMissing`."""
    register_fonts()
    stream = io.BytesIO()
    template = SimpleDocTemplate(
        stream,
        pagesize=A4,
        leftMargin=_EDGE,
        rightMargin=_EDGE,
        topMargin=_EDGE,
        bottomMargin=_EDGE,
        lang="ru-RU",
        title=f"Акт приёма-передачи ключевого носителя № {what.carrier['number']}",
        author=what.organisation,
        creator="Dopusk",
    )
    template.build(_story(what))
    return stream.getvalue()


def _story(what: HandOver) -> list[Flowable]:
    row = what.carrier
    lines = [
        ("Носитель", f"{text('ru', 'entry.choice.carrier_kind.' + row['carrier_kind'])} № {row['number']}"),
        ("Держатель", f"{row['holder']}, {what.position}"),
        ("Основание", row["document"]),
        ("Сертификаты", ", ".join(what.serials) or "на день печати нет"),
        ("Дата выдачи", _day(row["issued_at"])),
    ]
    lines += [("Дата возврата", _day(row["returned_at"]))] if row["returned_at"] else []
    lines += [("Утеря обнаружена", _day(row["lost_at"]))] if row["lost_at"] else []
    return [
        *([_paragraph(what.band, BOLD, 10)] if what.band else []),
        _paragraph(what.organisation, BOLD, 12),
        Spacer(1, 10 * mm),
        _paragraph("Акт приёма-передачи ключевого носителя", BOLD, 15),
        Spacer(1, 6 * mm),
        _table([(label, str(value)) for label, value in lines]),
        Spacer(1, 8 * mm),
        _paragraph("Держатель предупреждён:", BOLD, 10.5),
        *(_paragraph(f"{place}. {duty}", REGULAR, 10.5) for place, duty in enumerate(_DUTIES, 1)),
        Spacer(1, 14 * mm),
        _signatures(str(row["holder"])),
        Spacer(1, 16 * mm),
        _paragraph("Носитель возвращён «____» ______________ 20____ г.", REGULAR, 10.5),
        Spacer(1, 10 * mm),
        _signatures(str(row["holder"]), returned=True),
    ]


def _table(lines: list[tuple[str, str]]) -> Table:
    cells = [[_paragraph(label, REGULAR, 10.5), _paragraph(value, BOLD, 10.5)] for label, value in lines]
    return Table(cells, colWidths=[_LABELS, _INNER - _LABELS], style=_RULED, splitInRow=1)


def _signatures(holder: str, *, returned: bool = False) -> Table:
    gives, takes = ("Сдал", "Принял") if returned else ("Выдал", "Получил")
    left, right = (holder, "") if returned else ("", holder)
    cells: list[list[Any]] = [
        [_paragraph(f"{gives}:", REGULAR, 10.5), "", _paragraph(f"{takes}:", REGULAR, 10.5)],
        [_paragraph(left, REGULAR, 10.5), "", _paragraph(right, REGULAR, 10.5)],
        ["", "", ""],
        [_paragraph(hint, REGULAR, 8) for hint in ("подпись, фамилия и инициалы", "", "подпись, дата")],
    ]
    half = (_INNER - 10 * mm) / 2
    lines = [("LINEABOVE", (column, 3), (column, 3), 0.5, colors.black) for column in (0, 2)]
    widths: list[float] = [half, 10 * mm, half]
    heights: list[float | None] = [None, None, 9 * mm, None]
    return Table(cells, colWidths=widths, rowHeights=heights, style=TableStyle([*_PLAIN, *lines]))


def _paragraph(words: str, font: str, size: float) -> Paragraph:
    style = ParagraphStyle("", fontName=font, fontSize=size, leading=size * 1.35, splitLongWords=True)
    return Paragraph(escape(words), style)


def _day(value: date) -> str:
    return f"{value:%d.%m.%Y}"


_PLAIN = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
_RULED = TableStyle([*_PLAIN, ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.grey)])
