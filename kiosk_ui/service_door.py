"""The PIN of the service screen: one try at a time, and a pause after too many wrong ones.

A try counts before it is looked at, and the count is on the disk: neither many tries at once nor a restart gives another five.
The pause goes by the monotonic clock; after a restart of the machine it begins anew.
"""

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

MOST_WRONG_PINS = 5
PAUSE_S = 300.0


@dataclass(slots=True)
class ServiceDoor:
    """Counts tries. Times are seconds of the monotonic clock of the boot `boot_id`, handed in."""

    file: Path | None = None
    """Where the count outlives the program; None for nowhere."""
    boot_id: str = ""
    wrong: int = 0
    """Wrong ones in a row that were answered."""
    locked_until_s: float = 0.0
    _begun: int = 0
    _checking: bool = False
    _is_read: bool = False

    def locked_for_s(self, now_s: float) -> float:
        """Seconds until a PIN may be tried again; 0 if at once."""
        self._read(now_s)
        return max(0.0, self.locked_until_s - now_s)

    def begin(self, now_s: float) -> bool:
        """A try begins, and counts. False while another one is looked at or the pause lasts: then nothing is to be looked at."""
        if self._checking or self.locked_for_s(now_s):
            return False
        self._checking = True
        self._begun += 1
        if self._begun >= MOST_WRONG_PINS:
            self._begun, self.locked_until_s = 0, now_s + PAUSE_S
        if not self._write():
            self._checking = False
            return False  # what cannot be counted is not tried
        return True

    def tried(self, *, right: bool, now_s: float) -> None:
        """The try that had begun was right or wrong; one that did not begin counts here."""
        if not self._checking and not self.begin(now_s):
            return
        self._checking = False
        if right:
            self.wrong, self._begun, self.locked_until_s = 0, 0, 0.0
            self._write()
        else:
            self.wrong = 0 if self.locked_until_s > now_s else self.wrong + 1

    def _read(self, now_s: float) -> None:
        if self._is_read:
            return
        self._is_read = True
        if self.file is None or not self.file.exists():
            return
        try:
            kept = json.loads(self.file.read_text(encoding="ascii"))
            self._begun, locked_until_s, boot_id = (
                int(kept["begun"]),
                float(kept["locked_until_s"]),
                str(kept["boot_id"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.error("the count of wrong PINs cannot be read, so the pause begins: %s", type(error).__name__)
            self.locked_until_s = now_s + PAUSE_S
            return
        if boot_id == self.boot_id:
            self.locked_until_s = min(locked_until_s, now_s + PAUSE_S)
        elif locked_until_s:
            self.locked_until_s = now_s + PAUSE_S

    def _write(self) -> bool:
        if self.file is None:
            return True
        kept = {"begun": self._begun, "locked_until_s": self.locked_until_s, "boot_id": self.boot_id}
        fresh = self.file.with_name(self.file.name + ".new")
        try:
            with fresh.open("w", encoding="ascii") as file:
                json.dump(kept, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.file)
        except OSError as error:
            log.error("the count of wrong PINs cannot be kept: %s", error.strerror)
            return False
        return True
