"""What `verify` of a terminal's store finds: counts, the first fault of each walk, remarks."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from terminal.store.media_files import MediaFiles


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong in one walk. `kind` is `missing`, `changed`, `out_of_order`, `wrongly_signed`,
    `database` or `damaged`; `place` names the row, `what` says what is wrong with it.
    """

    kind: str
    place: str
    what: str


@dataclass(slots=True)
class StoreReport:
    """What was looked at, what is wrong, and what is worth a remark."""

    events: int = 0
    exams: int = 0
    messages: int = 0
    receipts: int = 0
    incoming: int = 0
    media: int = 0
    faults: list[Fault] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Expected:
    """What the store is checked against. Without the centre's key, what came from it is compared and not verified."""

    terminal_key: Ed25519PublicKey
    centre_key: Ed25519PublicKey | None = None
    media: MediaFiles | None = None


class Wrong(Exception):
    """Carries the first fault of a walk out of it."""

    def __init__(self, kind: str, place: str, what: str) -> None:
        super().__init__(what)
        self.fault = Fault(kind, place, what)
