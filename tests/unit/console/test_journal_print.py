"""The print of the journal, measured in the made PDF: letters of eight points, paper of both kinds, nothing cut, nothing lost."""

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfbase.pdfmetrics import getAscentDescent

from central.journal import columns
from central.journal.pdf_file import _INNER, _NUMBER, _PAD, SIZE, _wrapped, write_pdf
from central.journal.print_layout import ORDER, Legend, PrintCell, PrintLayout, PrintRow
from central.papers.fonts import BOLD, REGULAR, register_fonts
from central.words.texts import LANGUAGES, catalogue
from tests.console_centre import Browser, ConsoleCentre
from tests.job_processes import DoneHere
from tests.waiting import until

_MM = 72 / 25.4
_A4, _LETTER = (297 * _MM, 210 * _MM), (279.4 * _MM, 215.9 * _MM)
_WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>')
_LONG_NAME = "Константинопольскаянтиномонетаристасона Александра-Виктория Константиновна"
_USUAL = {
    "moment": "22.11.2026 16:47 +03:00",
    "birth_date": "14.03.1981",
    "pressure": "180 ↑/120 ↑",
    "alcohol": "0,412 ↑",
    "full_name": "Константинопольская Александра",
    "medic": "Константиновна, фельдшер",
    "complaints": "Головокружение; Головная боль",
}


def _words(pdf: Path) -> list[tuple[float, float, float, float, str]]:
    """Each word of a PDF with its box in points: left, top, right, bottom."""
    answer = subprocess.run(["pdftotext", "-bbox", pdf, "-"], check=True, capture_output=True, text=True).stdout
    return [(float(a), float(b), float(c), float(d), words) for a, b, c, d, words in _WORD.findall(answer)]


def _pages(pdf: Path) -> list[str]:
    answer = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True)
    return answer.stdout.split("\f")[:-1]


def _about(pdf: Path) -> dict[str, str]:
    answer = subprocess.run(["pdfinfo", pdf], check=True, capture_output=True, text=True).stdout
    return {name: value.strip() for name, _, value in (line.partition(":") for line in answer.splitlines())}


def _is_fit_to_print(pdf: Path) -> None:
    """Eight points at least, and all inside the paper, also where it is Letter and A4 is put on its middle."""
    ascent, descent = getAscentDescent(REGULAR, 1.0)
    beside = (_A4[0] - _LETTER[0]) / 2 + 4 * _MM
    for left, top, right, bottom, words in _words(pdf):
        assert (bottom - top) / (ascent - descent) >= 8.0 - 0.01, words
        assert beside <= left, words
        assert right <= _A4[0] - beside, words
        assert top >= 4 * _MM, words
        assert bottom <= _A4[1] - 4 * _MM, words


def _printed(folder: Path, rows: Iterable[PrintRow], keys: Sequence[str] = ORDER, **options: object) -> Path:
    layout = PrintLayout(keys, "ru")
    title = ["Журнал", "О" * 40 + " рганизация" * 12, "Период: 01.11.2026 – 30.11.2026"]
    path = folder / "journal.pdf"
    write_pdf(path, title, layout.headings, layout.shares, rows, **options)  # type: ignore[arg-type]
    return path


def _row(**words: str) -> PrintRow:
    """A row of the order's columns, in which one may be long."""
    layout = PrintLayout(ORDER, "ru")
    return PrintRow(tuple(PrintCell(words.get(heading.split(",")[0], "0")) for heading in layout.headings))


@pytest.mark.parametrize("form", ["usual", "all columns"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_export_measures_eight_points_and_fits_both_papers(
    centre: ConsoleCentre, zoya: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, language: str
) -> None:
    from central.jobs import queue

    monkeypatch.setattr(queue, "JobProcess", DoneHere)
    zoya.http.cookies.set("dopusk_language", language)
    for place in range(12):
        exam_id = centre.exam("1001" if place % 2 else "1002", systolic_mmhg=150 if place % 3 else 120)
        zoya.decide(exam_id, outcome="not_admitted", reasons="pressure_high", comment="примечание " * 40)
    query = "".join(f"&columns={key}" for key in columns.COLUMNS) if form == "all columns" else ""
    path = zoya.post(f"/journal/exports/pdf?outcome=not_admitted{query}", {}, page="/journal").headers["location"]
    assert until(lambda: 'id="download"' in zoya.get(path).text)
    pdf = tmp_path / "journal.pdf"
    pdf.write_bytes(zoya.get(f"{path}/file").content)
    _is_fit_to_print(pdf)
    about, pages = _about(pdf), _pages(pdf)
    assert about["Page size"].startswith("841.89 x 595.276")
    assert about["Title"].startswith(catalogue(language)["journal.printed_title"])
    assert about["Author"].startswith("Медпункт «Заря»")
    assert f"/Lang ({'ru-RU' if language == 'ru' else 'en-GB'})".encode() in pdf.read_bytes()
    for number, page in enumerate(pages, start=1):
        wanted = catalogue(language)["journal.page_of"].format(page=number)
        assert re.search(rf"{wanted}\s+{len(pages)}\b", page), "page numbers"
        assert catalogue(language)["journal.column.complaints"] in page, "the head is repeated"
    whole = " ".join(pages)
    with_certificate = [page for page in pages if re.search(r"[0-9a-f]{38,40}", page)]
    assert len(with_certificate) == 1, "the certificate stands once, in the legend"
    assert "№ 1 –" in with_certificate[0]
    assert whole.count("↑") >= 8
    assert ("примечание" in whole) == (form == "all columns")


def test_a_month_without_exams_is_a_proper_page(zoya: Browser, tmp_path: Path, centre: ConsoleCentre) -> None:
    import io
    import zipfile

    answer = zoya.post("/journal/signed?since=2020-01-01&until=2020-01-31", {}, page="/journal")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extract("journal.pdf", tmp_path)
    (page,) = _pages(tmp_path / "journal.pdf")
    assert "осмотров нет" in page
    assert "Период: 01.01.2020 – 31.01.2020" in page
    assert "Давление" in page
    assert "Страница 1 из" in page
    _is_fit_to_print(tmp_path / "journal.pdf")


def test_long_names_and_two_hundred_reasons_stay_on_the_paper(tmp_path: Path) -> None:
    reasons = "; ".join(f"причина{number}" for number in range(200))
    rows = [_row(Фамилия=_LONG_NAME, Жалобы=reasons), _row(Фамилия="Ветров")]
    pdf = _printed(tmp_path, rows)
    _is_fit_to_print(pdf)
    pages = _pages(pdf)
    assert len(pages) > 1
    said = re.sub(r"[\s-]", "", "".join(words for *_, words in _words(pdf)))
    for number in range(200):
        assert f"причина{number}" in said
    assert "Ветров" in said


def test_what_stands_below_a_row_goes_on_on_the_next_page(tmp_path: Path) -> None:
    below = "; ".join(f"слово{number}" for number in range(1500))
    row = _row()
    pdf = _printed(tmp_path, [PrintRow(row.cells, below)])
    _is_fit_to_print(pdf)
    said = " ".join(words for *_, words in _words(pdf))
    assert [number for number in range(1500) if f"слово{number}" not in said] == []


def test_a_legend_of_many_certificates_goes_on_on_the_next_page(tmp_path: Path) -> None:
    legend = Legend()
    for number in range(90):
        legend.number(f"Медик {number}, сертификат {'a1' * 20}")
    pdf = _printed(tmp_path, [_row()], legend=legend)
    _is_fit_to_print(pdf)
    assert len(_pages(pdf)) > 1
    assert "№ 90 – Медик 89" in "".join(_pages(pdf))


def _room() -> dict[str, float]:
    """Points of room for each of the order's columns."""
    register_fonts()
    layout = PrintLayout(ORDER, "ru")
    rooms = [(_INNER - _NUMBER) * share - _PAD for share in layout.shares]
    return {key: room for stack, room in zip(layout._stacks, rooms, strict=True) for key in stack}


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_and_usual_words_stand_uncut(language: str) -> None:
    room, words = _room(), catalogue(language)
    cells = [(key, heading, BOLD) for key, heading in zip(room, columns.headings(tuple(room), language), strict=True)]
    cells += [("exam_type", text, REGULAR) for key, text in words.items() if key.startswith("exam_type.")]
    cells += [("skin", words[f"decision.visual_{name}"], REGULAR) for name in ("normal", "changed")]
    cells += [("sex", words[f"exam.{name}"], REGULAR) for name in ("male", "female")]
    cells += [("alcohol_sign", words[f"journal.alcohol_{name}"], REGULAR) for name in ("found", "none")]
    cells += [("drug_test", words["journal.not_done"], REGULAR)]
    cells += [("outcome", text, REGULAR) for key, text in words.items() if key.startswith("outcome.")]
    cells += [(key, text, REGULAR) for key, text in _USUAL.items()]
    cut = {(key, cell) for key, cell, font in cells if " ".join(_wrapped(cell, room[key], font)) != cell}
    assert cut == set()


def test_nothing_is_set_smaller_than_eight_points() -> None:
    assert SIZE >= 8.0


def test_a_word_with_a_hyphen_is_cut_there() -> None:
    register_fonts()
    assert _wrapped("«Ромашка-Транс»", 55) == ["«Ромашка-", "Транс»"]
    assert _wrapped("01a20391-1c39-73d5-82bb-61c982ef5e3a", 65)[0].endswith("-")


@given(st.text(alphabet="абвшщ0123-", min_size=1, max_size=60), st.floats(10, 80))
def test_what_is_cut_is_not_lost(word: str, width: float) -> None:
    register_fonts()
    lines = _wrapped(word, width)
    assert "".join(lines).replace("-", "") == word.replace("-", "")
    if any(letter.isdigit() for letter in word):
        assert "".join(lines) == word, "a hyphen in a number would change it"
