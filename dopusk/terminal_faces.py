"""Connects the comparison of faces with a terminal: the law's switch, the roster's consents, engine and templates.

Two threads ask. The core asks for photos and keeps templates with its own store (`ReferenceFaces`); the photographer reads the
consents through `RosterReader`.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sync.contract.roster import RosterWorker
from sync.transactions import STORE_DAMAGE
from terminal.clock import Clock
from terminal.config import TerminalConfig
from terminal.face.assembly import comparer_factory, templates_opener
from terminal.face.engines.names import TEMPLATE_NAMES
from terminal.face.enroller import Enroller, PortraitJudged, judge_apart
from terminal.face.law import BiometricsOff, FaceLaw
from terminal.face.photographer import FaceComparer
from terminal.reference_faces import ReferenceFaces
from terminal.store.database import StoreError, connect, derive_key
from terminal.store.roster import RosterStore
from terminal.store.store import TerminalStore

log = logging.getLogger(__name__)


class RosterReader:
    """The roster for another thread than the core's: each question opens a connection of its own and closes it."""

    def __init__(self, path: Path, master_key: bytes) -> None:
        self._path, self._master_key = path, master_key

    def has_consent(self, worker_id: str) -> bool:
        """Whether the consent to the comparison is on record. Raises `BiometricsOff` (`no_roster`) when nobody can tell."""
        worker = self._worker(worker_id)
        return worker is not None and worker.biometric_consent

    def person_of(self, worker_id: str) -> str:
        """What is the same for all employments of a person. Raises `BiometricsOff` (`no_roster`) when nobody can tell."""
        worker = self._worker(worker_id)
        return worker_id if worker is None else worker.person_key

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
    reader = RosterReader(config.files.store, master_key)
    law = FaceLaw(config.biometrics.legal_basis, reader.has_consent, reader.person_of)
    templates_key = derive_key(master_key, "templates")
    return comparer_factory(templates_folder(config), templates_key, law, config.biometrics.engine)


def make_enroller(config: TerminalConfig, post: Callable[[PortraitJudged], None]) -> Enroller:
    """Judges reference photos with the configured engine; starts nothing before the first one."""
    return Enroller(lambda portrait: judge_apart(portrait, config.biometrics.engine), post)


def make_reference_faces(
    config: TerminalConfig, master_key: bytes, store: TerminalStore, clock: Clock, enroller: Enroller
) -> ReferenceFaces:
    """The core's side: which photos are asked for, and which templates are kept."""
    return ReferenceFaces(
        store,
        clock,
        enroller,
        templates_opener(templates_folder(config), derive_key(master_key, "templates")),
        legal_basis=config.biometrics.legal_basis,
        engine=TEMPLATE_NAMES[config.biometrics.engine],
    )


def templates_folder(config: TerminalConfig) -> Path:
    """Beside the store, on the same disk."""
    return config.files.store.parent / "templates"
