"""Connects film and watch with a terminal: a recorder that encrypts in its own threads, and the watch on faces."""

import shutil
from collections.abc import Callable

from terminal.camera import Camera
from terminal.camera.film import FilmMessage
from terminal.camera.film_take import Surroundings
from terminal.camera.recorder import Recorder
from terminal.camera.scratch import Scratch
from terminal.config import TerminalConfig
from terminal.face.continuity import ContinuityWatch, StrangerSeen
from terminal.face.engine import FaceEngine
from terminal.store.database import derive_key
from terminal.store.media_files import MediaFiles


def open_recorder(
    config: TerminalConfig, master_key: bytes, camera: Camera, post: Callable[[FilmMessage], None]
) -> Recorder | None:
    """The recorder of a terminal; None where the configuration switches the film off. Close it before the camera."""
    film, files = config.film, config.files
    if not film.enabled:
        return None
    # No reserve is given up for a film: it gives way first.
    media = MediaFiles(files.media, derive_key(master_key, "media"))

    def refusal() -> str:
        return "disk_low" if shutil.disk_usage(files.media).free < film.least_free_mb * 1_000_000 else ""

    return Recorder(Surroundings(camera, Scratch(files.store), media.write, media.remove, post, refusal, film))


def open_watch(config: TerminalConfig, camera: Camera, post: Callable[[StrangerSeen], None]) -> ContinuityWatch:
    """Who looks whether it is the same person; the engine is opened when a comparison is allowed for the first time."""

    def open_engine() -> FaceEngine:
        from terminal.face.engines.choose import open_engine as open_chosen

        return open_chosen(config.biometrics.engine)

    return ContinuityWatch(camera, post, open_engine)
