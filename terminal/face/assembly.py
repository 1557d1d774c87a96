"""Puts the parts of face comparison together for the composition root, without loading an engine before it is needed."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from terminal.face.law import FaceLaw

if TYPE_CHECKING:
    from terminal.face.photographer import FaceComparer
    from terminal.face.templates import TemplateStore


def comparer_factory(
    templates_folder: Path, templates_key: bytes, law: FaceLaw, engine_name: str = "dlib"
) -> "Callable[[], FaceComparer]":
    """For `open_photographer(make_comparer=...)`. `templates_key` is `derive_key(master, "templates")`."""

    def make() -> "FaceComparer":
        from terminal.face.engines.choose import open_engine
        from terminal.face.templates import TemplateStore
        from terminal.face.verification import FaceVerifier

        templates = TemplateStore(templates_folder, templates_key)
        return FaceVerifier(lambda: open_engine(engine_name), templates, law)

    return make


def templates_opener(folder: Path, key: bytes) -> "Callable[[bool], TemplateStore | None]":
    """For `FaceDesk`: the store in `folder`, made only when something is to be put there (the argument is true)."""

    def opened(make: bool) -> "TemplateStore | None":
        if not make and not folder.is_dir():
            return None
        from terminal.face.templates import TemplateStore

        return TemplateStore(folder, key)

    return opened
