"""Records beside the store what was on the screen when the core thread died; what crashes it repeatedly is set aside.

A thread that dies ends the process, and the next one offers the exam for going on. An exam that has ended the process twice
is not offered a third time: it ends as interrupted, with all that was measured.
"""

import json
import logging
from pathlib import Path

from terminal.store.folders import sync_folder

log = logging.getLogger(__name__)

DEATHS = 2
"""So many in a row, with the same exam before the screen, and it is set aside."""


class CrashNote:
    """One small file. Only the core thread uses it."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_suffix(".crash")

    def note(self, exam_id: str | None) -> None:
        """The core thread dies with this exam before the screen, or with none."""
        noted, deaths = self._read()
        if exam_id is None:
            return
        deaths = deaths + 1 if noted == exam_id else 1
        try:
            self._path.write_text(json.dumps({"exam_id": exam_id, "deaths": deaths}), encoding="ascii")
            sync_folder(self._path.parent)
        except OSError as error:
            log.error("what ended the terminal cannot be noted: %s", error.strerror)

    def take_deadly(self) -> str | None:
        """The exam that is to be set aside now, once; None while there is none."""
        noted, deaths = self._read()
        if deaths < DEATHS:
            return None
        self._path.unlink(missing_ok=True)
        return noted

    def _read(self) -> tuple[str | None, int]:
        try:
            fields = json.loads(self._path.read_text(encoding="ascii"))
            return str(fields["exam_id"]), int(fields["deaths"])
        except (OSError, ValueError, KeyError, TypeError):
            return None, 0
