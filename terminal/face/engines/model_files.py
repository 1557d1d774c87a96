"""Finds the networks' files: dlib's in the installed package `face_recognition_models`, our ONNX in a cache.

The cached file carries the hash of what it was built from in its name and its own hash beside it: a damaged one is built
anew. Set `DOPUSK_CACHE` to move the cache; without it, `XDG_CACHE_HOME` or `~/.cache` holds it.
"""

import hashlib
import importlib.util
import logging
import os
import tempfile
from pathlib import Path

from terminal.face.engines.dlib_weights import read_layers

log = logging.getLogger(__name__)

BUILDER = "1"
"""Raise it whenever the builder writes another model from the same weights."""


class ModelMissing(Exception):
    """A network's file is not there; the message says where it was looked for and what the service can do."""


def dlib_model(name: str) -> Path:
    """A file of the package `face_recognition_models`. Raises `ModelMissing`.

    Found by path: importing that package needs `pkg_resources`, which new versions of setuptools no longer bring.
    """
    found = importlib.util.find_spec("face_recognition_models")
    if found is None or not found.submodule_search_locations:
        raise ModelMissing(
            "the package face_recognition_models is not installed: run `pip install -r requirements.lock`"
        )
    path = Path(found.submodule_search_locations[0]) / "models" / name
    if not path.is_file():
        raise ModelMissing(f"{path} is not there: install face_recognition_models anew")
    return path


def cache_folder() -> Path:
    """The folder for files that can be built again; it is made when it is not there."""
    named = os.environ.get("DOPUSK_CACHE")
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dopusk"
    base.mkdir(parents=True, exist_ok=True)
    return base


def resnet_onnx(folder: Path | None = None) -> Path:
    """The ONNX form of dlib's ResNet; built when it is missing or damaged, which takes about a second."""
    weights = dlib_model("dlib_face_recognition_resnet_model_v1.dat").read_bytes()
    source = hashlib.sha256(weights).hexdigest()
    path = (folder or cache_folder()) / f"dlib-resnet-{source[:16]}-{BUILDER}.onnx"
    seal = path.with_suffix(".sha256")
    if path.is_file() and seal.is_file():
        if hashlib.sha256(path.read_bytes()).hexdigest() == seal.read_text("ascii", "replace").strip():
            return path
        log.warning("%s is damaged and will be built anew", path)
    from terminal.face.engines.resnet_onnx import build_onnx

    model = build_onnx(read_layers(weights))
    _write(path, model)
    _write(seal, hashlib.sha256(model).hexdigest().encode())
    return path


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, even when two programs build at the same time."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
    os.chmod(draft.name, 0o644)
    os.replace(draft.name, path)
