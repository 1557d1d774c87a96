"""The marks of an admission and of a refusal are told apart from afar, in grey, with any half covered, by eye and by machine.

The pictures are those that a printer gets: the PDF drawn by poppler. Text is read by Tesseract, shapes are compared by OpenCV.
"""

import itertools
import re
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from central.papers.drawing import Sheet, sticker
from central.papers.wording import headline, lower_band, mark_text

Picture = NDArray[np.uint8]
NAMES = ("Громов Пётр Савельевич", "Де Ла Круз Анна", "Архангельская-Вознесенская Евдокия-Пелагея Максимилиановна")
BAND = "НЕ ИМЕЕТ СИЛЫ: УЧЕБНЫЕ ДАННЫЕ"
HALVES = ("left", "right", "top", "bottom")


def sheet(outcome: str, exam_type: str = "pre_trip", name: str = NAMES[0], band: str = "", size: int = 1) -> Sheet:
    return Sheet(
        title="Отметка о медицинском осмотре",
        number="№ 12/2026",
        organisation="Медпункт «Заря» " * size,
        licence="Лицензия Л041-00000-00/00000000 от 01.02.2024",
        statement=mark_text(exam_type, outcome),
        lines=(("", name), ("", "29.11.2026 20:06 +03:00")),
        table=(),
        signature=("фельдшер " + "Луговая Зоя Марковна " * size, "Подписано электронно 29.11.2026 20:16 +03:00"),
        check_url="https://medpoint.example/check/AAAAAAAAAAAAAAAAAAAAAA",
        band=band,
        headline=headline(exam_type, outcome),
        headline_note="до 30.11.2026 08:07 +03:00" if outcome == "admitted" else lower_band(exam_type),
        is_refusal=outcome != "admitted",
    )


def drawn(pdf: bytes, folder: Path, height_px: int) -> Picture:
    (folder / "mark.pdf").write_bytes(pdf)
    size = ["-scale-to-y", str(height_px), "-scale-to-x", "-1"]
    subprocess.run(
        ["pdftoppm", "-gray", *size, "-singlefile", folder / "mark.pdf", folder / "mark"],
        check=True,
        capture_output=True,
    )
    picture = cv2.imread(str(folder / "mark.pgm"), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture.astype(np.uint8)


def seen(picture: Picture, covered: str) -> Picture:
    """What is left to see of a label when one half is covered."""
    height, width = picture.shape
    kept = {
        "left": picture[:, width // 2 :],
        "right": picture[:, : width // 2],
        "top": picture[height // 2 :],
        "bottom": picture[: height // 2],
        "": picture,
    }
    return kept[covered]


def likeness(one: Picture, other: Picture) -> float:
    """1 for equal pictures, 0 for unrelated ones; the better of two places a little apart."""
    inner = one[2:-2, 2:-2]
    return float(cv2.matchTemplate(other, inner, cv2.TM_CCOEFF_NORMED).max())


def read(picture: Picture, folder: Path) -> str:
    bordered = cv2.copyMakeBorder(picture, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=255)
    cv2.imwrite(str(folder / "seen.png"), bordered)
    answer = subprocess.run(
        ["tesseract", folder / "seen.png", "-", "-l", "rus", "--psm", "6"], check=True, capture_output=True, text=True
    )
    return " ".join(answer.stdout.split())


def enlarged(picture: Picture, scale: int) -> Picture:
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def says_admitted(words: str) -> bool:
    """Whether somebody who reads this takes it for an admission: the word without a "not" right before it."""
    return any(
        "НЕ" not in words[: match.start()].upper()[-6:] for match in re.finditer("допущен", words, re.IGNORECASE)
    )


@pytest.mark.parametrize("covered", HALVES)
@pytest.mark.parametrize("exam_type", ["pre_trip", "post_trip"])
def test_no_half_of_a_refused_mark_looks_like_that_of_an_admitted_one(
    exam_type: str, covered: str, tmp_path: Path
) -> None:
    def views(outcome: str) -> list[Picture]:
        kinds = itertools.product(NAMES, ("", BAND))
        made = [sticker(sheet(outcome, exam_type, name, band)) for name, band in kinds]
        return [seen(drawn(pdf, tmp_path, 60), covered) for pdf in made]

    admitted, refused = views("admitted"), views("not_admitted")
    alike = min(likeness(one, other) for one, other in itertools.permutations(admitted, 2))
    mistaken = max(likeness(one, other) for one, other in itertools.product(admitted, refused))
    assert mistaken < 0.5 < alike


@pytest.mark.parametrize("covered", ["", *HALVES])
@pytest.mark.parametrize("height_px", [60, 200])
@pytest.mark.parametrize("inverted", [False, True])
def test_no_reader_of_text_takes_a_refusal_for_an_admission(
    covered: str, height_px: int, inverted: bool, tmp_path: Path
) -> None:
    picture = seen(drawn(sticker(sheet("not_admitted")), tmp_path, height_px), covered)
    if inverted:
        picture = (255 - picture).astype(np.uint8)
    scale = max(1, 480 // height_px)
    words = read(enlarged(picture, scale), tmp_path)
    assert not says_admitted(words), words


def test_the_big_words_are_read_from_a_small_picture(tmp_path: Path) -> None:
    for outcome, words in (("admitted", "ДОПУЩЕН"), ("not_admitted", "НЕ ДОПУЩЕН")):
        small = drawn(sticker(sheet(outcome)), tmp_path, 60)
        assert words in read(enlarged(small, 8), tmp_path)


@pytest.mark.parametrize("outcome", ["admitted", "not_admitted"])
@pytest.mark.parametrize("size", [1, 12, 60])
@pytest.mark.parametrize("letter", ["Щ", "Ы "])
def test_names_of_any_length_leave_statement_and_code_alone(
    outcome: str, size: int, letter: str, tmp_path: Path
) -> None:
    shown = sheet(outcome, name=letter * 20 * size, size=size)
    picture = drawn(sticker(shown), tmp_path, 600)
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "mark.pdf", "-"], check=True, capture_output=True, text=True
    ).stdout.replace("\N{NO-BREAK SPACE}", " ")
    assert headline("pre_trip", outcome).replace("\N{NO-BREAK SPACE}", " ") in text
    assert "№ 12/2026" in text
    if outcome == "not_admitted":
        assert "НЕ допущен" in text
    found, _, _ = cv2.QRCodeDetector().detectAndDecode(picture)
    assert found == shown.check_url
    boxes = subprocess.run(
        ["pdftotext", "-bbox", tmp_path / "mark.pdf", "-"], check=True, capture_output=True, text=True
    )
    assert not overlapping(boxes.stdout)


def overlapping(boxes: str) -> list[tuple[str, str]]:
    """Pairs of words of which one lies over the other, or that leave the label."""
    pattern = r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>'
    words = []
    for x0, y0, x1, y1, word in re.findall(pattern, boxes):
        left, top, right, bottom = map(float, (x0, y0, x1, y1))
        # A line's box is higher than its letters.
        spare = (bottom - top) * 0.16
        words.append((left, top + spare, right, bottom - spare, word))
    bad = [
        (word, "label")
        for left, top, right, bottom, word in words
        if left < 0 or top < 0 or right > 198.5 or bottom > 141.8
    ]
    for one, other in itertools.combinations(words, 2):
        if one[0] < other[2] - 0.3 and other[0] < one[2] - 0.3 and one[1] < other[3] and other[1] < one[3]:
            bad.append((one[4], other[4]))
    return bad
