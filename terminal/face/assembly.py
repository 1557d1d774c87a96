"""Puts the parts of face comparison together for the composition root, without loading an engine before it is needed."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from terminal.face.law import FaceLaw

if TYPE_CHECKING:
    from terminal.face.photographer import FaceComparer


def comparer_factory(
    templates_folder: Path,
    templates_key: bytes,
    law: FaceLaw,
    photo_of: Callable[[str], bytes | None] = lambda _: None,
    engine_name: str = "dlib",
) -> "Callable[[], FaceComparer]":
    """For `open_photographer(make_comparer=...)`. `templates_key` is `derive_key(master, "templates")`.

    Deletes nothing: `sweep_templates` does, at the start and with each new roster.
    """

    def make() -> "FaceComparer":
        from terminal.face.engines.choose import open_engine
        from terminal.face.templates import TemplateStore
        from terminal.face.verification import FaceVerifier

        templates = TemplateStore(templates_folder, templates_key)
        return FaceVerifier(lambda: open_engine(engine_name), templates, law, photo_of)

    return make


def sweep_templates(templates_folder: Path, templates_key: bytes, law: FaceLaw) -> int:
    """Delete what may no longer be kept; at the start and whenever the roster or the legal basis changes."""
    if not templates_folder.is_dir():
        return 0
    from terminal.face.templates import TemplateStore

    return TemplateStore(templates_folder, templates_key).sweep(law.permits)
