"""What the comparison of faces knows of a terminal: the law's switch, the roster's consents and its reference photos.

Two threads ask. The core sweeps templates with its own roster; the photographer reads through `RosterReader`.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sync.contract.roster import RosterWorker
from sync.transactions import STORE_DAMAGE
from terminal.config import TerminalConfig
from terminal.face.assembly import comparer_factory, sweep_templates
from terminal.face.law import BiometricsOff, FaceLaw
from terminal.face.photographer import FaceComparer
from terminal.store.database import StoreError, connect, derive_key
from terminal.store.media_files import MediaError, MediaFiles
from terminal.store.roster import RosterStore

log = logging.getLogger(__name__)


class RosterReader:
    """The roster for another thread than the core's: each question opens a connection of its own and closes it."""

    def __init__(self, path: Path, master_key: bytes, media: MediaFiles) -> None:
        self._path, self._master_key, self._media = path, master_key, media

    def has_consent(self, worker_id: str) -> bool:
        """Whether the consent to the comparison is on record. Raises `BiometricsOff` (`no_roster`) when nobody can tell."""
        worker = self._worker(worker_id)
        return worker is not None and worker.biometric_consent

    def photo_of(self, worker_id: str) -> bytes | None:
        """The reference photo that the roster names, or None while it is not on this terminal."""
        worker = self._worker(worker_id)
        if worker is None or worker.photo_sha256 is None or not self._media.exists(worker.photo_sha256):
            return None
        try:
            return self._media.read(worker.photo_sha256)
        except MediaError as error:
            log.error("a reference photo is left out and has to be sent again: %s", error)
            return None

    def _worker(self, worker_id: str) -> RosterWorker | None:
        try:
            with closing(connect(self._path, self._master_key)) as db:
                return RosterStore(db).worker(worker_id)
        except StoreError as error:
            raise _no_roster(error) from error
        except STORE_DAMAGE as error:
            raise _no_roster(error) from error


def _no_roster(error: Exception) -> BiometricsOff:
    log.error("faces are not compared, for the roster cannot be read: %s", error)
    return BiometricsOff("no_roster")


def make_comparer(config: TerminalConfig, master_key: bytes) -> Callable[[], FaceComparer]:
    """For `open_photographer(make_comparer=...)`: nothing is opened or made before the first face that may be compared."""
    media = MediaFiles(config.files.media, derive_key(master_key, "media"))
    roster = RosterReader(config.files.store, master_key, media)
    law = FaceLaw(config.biometrics.legal_basis, roster.has_consent)
    return comparer_factory(templates_folder(config), derive_key(master_key, "templates"), law, roster.photo_of)


def sweep(config: TerminalConfig, master_key: bytes, roster: RosterStore) -> int:
    """Delete the templates that may no longer be kept; at the start, and by the core thread after each new roster.

    Gives their number. What cannot be deleted is not compared either: the law is asked before each comparison.
    """

    def has_consent(worker_id: str) -> bool:
        worker = roster.worker(worker_id)
        return worker is not None and worker.biometric_consent

    law = FaceLaw(config.biometrics.legal_basis, has_consent)
    try:
        swept = sweep_templates(templates_folder(config), derive_key(master_key, "templates"), law)
    except OSError as error:
        log.error("templates of faces that may not be kept cannot be deleted (service engineer): %s", error)
        return 0
    if swept:
        log.info("%d templates of faces were deleted: their consent or the legal basis is gone", swept)
    return swept


def templates_folder(config: TerminalConfig) -> Path:
    """Beside the store, on the same disk."""
    return config.files.store.parent / "templates"
