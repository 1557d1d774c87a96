"""Gets the files of the second engine from the publisher's address or from a folder; only the pinned bytes are taken."""

import hashlib
import http.client
import shutil
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from terminal.face.engines.yunet_sface import SFACE, YUNET

ZOO = "https://github.com/opencv/opencv_zoo/raw/47534e27c9851bb1128ccc0102f1145e27f23f98/models"
MOST_BYTES = 60_000_000
SILENCE_S = 30.0


class ModelRefused(Exception):
    """A file could not be had or is not the pinned one; nothing was put in place."""


@dataclass(frozen=True, slots=True)
class PinnedModel:
    name: str
    url: str
    sha256: str


MODELS = (
    PinnedModel(
        YUNET,
        f"{ZOO}/face_detection_yunet/{YUNET}",
        "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    ),
    PinnedModel(
        SFACE,
        f"{ZOO}/face_recognition_sface/{SFACE}",
        "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
    ),
)


def is_in_place(model: PinnedModel, folder: Path) -> bool:
    """True when the file is there and is the pinned one, byte for byte."""
    path = folder / model.name
    return path.is_file() and _sha256(path) == model.sha256


def put_in_place(model: PinnedModel, folder: Path, source: Path | None = None) -> Path:
    """Copy from the folder `source`, or download; checked before it takes its place. Raises `ModelRefused`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelRefused(f"{folder} cannot be made or is no folder: {error.strerror}") from error
    with tempfile.TemporaryDirectory(dir=folder, prefix="draft-") as drafts:
        draft = Path(drafts) / model.name
        if source is not None:
            _copy(source / model.name, draft)
        else:
            _download(model.url, draft)
        if (found := _sha256(draft)) != model.sha256:
            raise ModelRefused(f"{model.name} has SHA-256 {found}, expected {model.sha256}: it was not put in place")
        return draft.replace(folder / model.name)


def _copy(source: Path, draft: Path) -> None:
    try:
        shutil.copyfile(source, draft)
    except OSError as error:
        raise ModelRefused(f"{source} cannot be read: {error.strerror}") from error


def _download(url: str, draft: Path) -> None:
    try:
        with urllib.request.urlopen(url, timeout=SILENCE_S) as answer, draft.open("wb") as file:  # noqa: S310 - https, pinned
            left = MOST_BYTES
            while chunk := answer.read(65536):
                left -= len(chunk)
                if left < 0:
                    raise ModelRefused(f"{url} sends more than {MOST_BYTES} bytes")
                file.write(chunk)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise ModelRefused(
            f"{url} cannot be downloaded: {error}. Without a way out of this network, copy the files and use --from FOLDER"
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
