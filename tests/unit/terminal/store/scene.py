"""A terminal's store in a temporary folder, and whole exams played into it through `OpenExams`."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.contract.canonical import sha256_hex
from sync.contract.exam import MediaReference
from sync.contract.receipt import Receipt
from sync.contract.topics import TerminalAddress
from terminal.exam import events
from terminal.exam.model import Stamp
from terminal.open_exams import OpenExams
from terminal.store.database import KeyFile
from terminal.store.store import TerminalStore
from tests.unit.terminal.exams import Script

ADDRESS = TerminalAddress("zarya", "kiosk-1")
STAMP = Stamp(at=datetime(2026, 11, 22, 2, 14, tzinfo=UTC), monotonic_s=1.0, boot_id="boot-1", trusted=True)


@dataclass
class Scene:
    """One terminal's disk; `open` may be called again after `store.close()`."""

    folder: Path
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def path(self) -> Path:
        return self.folder / "terminal.db"

    @property
    def master(self) -> bytes:
        return KeyFile(self.folder / "master.key").master_key()

    def open(self) -> TerminalStore:
        keys = KeyFile(self.folder / "master.key")
        return TerminalStore(self.path, self.folder / "media", keys, self.key, ADDRESS, "test")


def play_exam(store: TerminalStore, *, photo: bytes = b"", phase: str = "ended") -> str:
    """A whole exam through `OpenExams`, each event committed on its own; returns its id."""
    script = Script().up_to("decided" if phase == "ended" else phase)
    if phase == "ended":
        script.do(events.DecisionSeen)
    exams = OpenExams(store, "zarya", lambda _exam_id: 0.1)
    for event in script.events:
        if isinstance(event, events.PhotoTaken) and photo:
            media = MediaReference(
                sha256=store.media.write(photo),
                kind="photo",
                content_type="image/jpeg",
                size_bytes=len(photo),
                step="face",
                at=event.stamp.at,
            )
            taken = event.model_copy(update={"photo": media})
            queue = lambda taken=taken, media=media: exams.queue_media(taken.exam_id, photo, media, taken.stamp)  # noqa: E731
            exams.happen(taken, with_transaction=queue)
        else:
            exams.happen(event)
    return script.exam_id


def receipt(message_id: str, outcome: str = "accepted", code: str = "") -> Receipt:
    at = STAMP.at + timedelta(minutes=1)
    return Receipt.model_validate(
        {"message_id": message_id, "outcome": outcome, "code": code, "reason": code, "committed_at": at}
    )


def flip(content: bytes, at: int) -> bytes:
    """The same bytes with one bit changed."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def digest(content: bytes) -> str:
    return sha256_hex(content)
