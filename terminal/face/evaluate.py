"""Error rates over labelled pairs of photos, as a basis for choosing a threshold.

FMR: share of pairs of different people that pass as the same. FNMR: share of pairs of the same person that do not pass.
Both are over pairs in which both faces were acquired; failures to acquire are counted apart (ISO/IEC 19795-1). Accuracy is
over all pairs, and a pair that could not be compared counts as wrong.
"""

import csv
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terminal.face.compare import Examined, examine_file
from terminal.face.engine import FaceEngine

Scores = NDArray[Any]


class PairsUnreadable(ValueError):
    """The list of pairs is not usable; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class Pair:
    file_x: str
    file_y: str
    same: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Rates are shares of 1; None where there was no pair to take a share of. `ms_per_face` is per photo, all steps."""

    pairs: int
    genuine_pairs: int
    failures_to_acquire: int
    failed_files: tuple[str, ...]
    pairs_not_compared: int
    fmr: float | None
    fnmr: float | None
    accuracy: float | None
    threshold: float
    eer: float | None
    eer_threshold: float | None
    engine: str
    ms_per_face: float | None

    def as_json(self) -> dict[str, Any]:
        return {
            name: round(value, 5) if isinstance(value, float) else list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


def read_pairs(path: Path) -> list[Pair]:
    """Columns `file_x`, `file_y`, `Decision` with Yes or No. Raises `PairsUnreadable`."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PairsUnreadable(f"{path} cannot be read: {error}") from error
    try:
        return _pairs_in(path, csv.DictReader(text.splitlines()))
    except csv.Error as error:
        raise PairsUnreadable(f"{path} is no table that can be read: {error}") from error


def _pairs_in(path: Path, rows: "csv.DictReader[str]") -> list[Pair]:
    if missing := {"file_x", "file_y", "Decision"} - {(name or "").strip() for name in rows.fieldnames or []}:
        raise PairsUnreadable(f"{path} has no column {', '.join(sorted(missing))}")
    pairs: list[Pair] = []
    for row in rows:
        fields = {(name or "").strip(): (value or "").strip() for name, value in row.items() if isinstance(value, str)}
        decision = fields.get("Decision", "").lower()
        if decision not in ("yes", "no") or not fields.get("file_x") or not fields.get("file_y"):
            raise PairsUnreadable(f"{path} line {rows.line_num}: expected two files and Yes or No")
        pairs.append(Pair(fields["file_x"], fields["file_y"], decision == "yes"))
    if not pairs:
        raise PairsUnreadable(f"{path} holds no pairs")
    return pairs


def evaluate(
    engine: FaceEngine, pairs: list[Pair], images: Path, step: Callable[[], None], threshold: float | None = None
) -> Evaluation:
    """Examine each photo once and score all pairs; `step` is called after each photo.

    Raises `PairsUnreadable` when a photo named in the list is not in the folder.
    """
    names = sorted({name for pair in pairs for name in (pair.file_x, pair.file_y)})
    if absent := [name for name in names if not (images / name).is_file()]:
        raise PairsUnreadable(f"{len(absent)} of {len(names)} photos are not in {images}, the first is {absent[0]}")
    photos: dict[str, Examined] = {}
    began_s = time.perf_counter()
    for name in names:
        photos[name] = examine_file(engine, images / name)
        step()
    spent_s = time.perf_counter() - began_s
    limit = engine.threshold if threshold is None else threshold
    scores, labels = _scores(engine, pairs, photos)
    correct = int(np.sum((scores >= limit) == labels))
    eer, eer_threshold = equal_error_rate(scores, labels)
    failed = tuple(name for name in names if photos[name].embedding is None)
    return Evaluation(
        pairs=len(pairs),
        genuine_pairs=sum(pair.same for pair in pairs),
        failures_to_acquire=len(failed),
        failed_files=failed,
        pairs_not_compared=len(pairs) - scores.size,
        fmr=_share(scores[~labels] >= limit),
        fnmr=_share(scores[labels] < limit),
        accuracy=correct / len(pairs),
        threshold=limit,
        eer=eer,
        eer_threshold=eer_threshold,
        engine=engine.name,
        ms_per_face=1000 * spent_s / len(names),
    )


def equal_error_rate(scores: Scores, labels: Scores) -> tuple[float | None, float | None]:
    """The rate at which FMR and FNMR meet (the mean of the two where they are nearest), and its threshold."""
    genuine, impostor = scores[labels], scores[~labels]
    if not genuine.size or not impostor.size:
        return None, None
    candidates = np.unique(np.concatenate([scores, scores + 1e-6]))
    fnmr = np.searchsorted(np.sort(genuine), candidates, "left") / genuine.size
    fmr = 1 - np.searchsorted(np.sort(impostor), candidates, "left") / impostor.size
    best = int(np.argmin(np.abs(fmr - fnmr)))
    return float((fmr[best] + fnmr[best]) / 2), float(candidates[best])


def _scores(engine: FaceEngine, pairs: list[Pair], photos: dict[str, Examined]) -> tuple[Scores, Scores]:
    scores: list[float] = []
    labels: list[bool] = []
    for pair in pairs:
        one, other = photos[pair.file_x].embedding, photos[pair.file_y].embedding
        if one is not None and other is not None:
            scores.append(engine.score(one, other))
            labels.append(pair.same)
    return np.array(scores, float), np.array(labels, bool)


def _share(hits: Scores) -> float | None:
    return float(np.mean(hits)) if hits.size else None
