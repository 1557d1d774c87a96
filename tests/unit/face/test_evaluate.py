"""Error rates from scores whose rates are known, and the reading of lists of pairs."""

from pathlib import Path

import numpy as np
import pytest

from terminal.face.engines.dlib_engine import DlibEngine
from terminal.face.evaluate import Pair, PairsUnreadable, equal_error_rate, evaluate, read_pairs
from tests.unit.face.conftest import EILEEN


def test_the_equal_error_rate_of_known_scores() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.4, 0.6, 0.3, 0.2, 0.1])
    labels = np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)
    assert equal_error_rate(scores, labels)[0] == pytest.approx(0.25)
    assert equal_error_rate(scores[labels], labels[labels]) == (None, None)


def test_rates_over_pairs(engine: DlibEngine, tmp_path: Path) -> None:
    (tmp_path / "wall.jpg").write_bytes(b"not a photo")
    for name in ("eileen_collins.jpg", "grace_hopper.jpg"):
        (tmp_path / name).symlink_to(EILEEN.parent / name)
    pairs = [
        Pair("eileen_collins.jpg", "eileen_collins.jpg", True),
        Pair("eileen_collins.jpg", "grace_hopper.jpg", False),
        Pair("grace_hopper.jpg", "eileen_collins.jpg", True),  # a wrong label: must count as a false non-match
        Pair("grace_hopper.jpg", "wall.jpg", False),
    ]
    steps: list[int] = []
    result = evaluate(engine, pairs, tmp_path, lambda: steps.append(1))
    assert len(steps) == 3
    assert (result.pairs, result.failures_to_acquire, result.pairs_not_compared) == (4, 1, 1)
    assert (result.fmr, result.fnmr, result.accuracy) == (0.0, 0.5, 0.5)
    assert result.failed_files == ("wall.jpg",)
    assert result.as_json()["ms_per_face"] > 0
    assert evaluate(engine, pairs, tmp_path, lambda: None, threshold=-1.0).fmr == 1.0


def test_a_list_of_pairs_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("\ufefffile_x,file_y,Decision\na.jpg, b.jpg ,Yes\nc.jpg,d.jpg,no\n", "utf-8")
    assert read_pairs(path) == [Pair("a.jpg", "b.jpg", True), Pair("c.jpg", "d.jpg", False)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("file_x,file_y\na,b\n", "no column Decision"),
        ("file_x,file_y,Decision\na,b,perhaps\n", "line 2"),
        ("file_x,file_y,Decision\na\n", "line 2"),
        ("file_x,file_y,Decision\n", "no pairs"),
    ],
)
def test_an_unusable_list_says_where(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(PairsUnreadable, match=complaint):
        read_pairs(path)


def test_photos_that_are_not_there_are_counted(engine: DlibEngine, tmp_path: Path) -> None:
    with pytest.raises(PairsUnreadable, match=r"2 of 2 photos .* the first is a\.jpg"):
        evaluate(engine, [Pair("a.jpg", "b.jpg", True)], tmp_path, lambda: None)
