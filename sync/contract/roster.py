"""The roster for a terminal: the workers who may be examined there, and the reference books it judges with."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from sync.contract.canonical import canonical
from sync.contract.model import Id, LongText, Sha256, ShortText, Utc, WireModel

ROSTER_SCHEMA = "dopusk.roster/1"
REFERENCE_SCHEMA = "dopusk.reference/1"

ConsentKind = Literal["health_data", "video", "biometric_comparison"]
"""What a worker may agree to, each in a document of its own (152-FZ art. 9 and 11): processing of health data, the film of
the exam, comparison of faces."""


_ADDED = frozenset({"person_id", "since", "until", "holds", "notices"})


class WorkerConsent(WireModel):
    """A consent in force when the roster was made; `text_version` names the text that the worker signed."""

    kind: ConsentKind
    text_version: ShortText


class RosterHold(WireModel):
    """Days on which this worker may not be examined at a terminal, by a rule of the medical organisation.

    `text` is all that the screen says: neither a diagnosis nor the kind of a document.
    """

    code: Literal["in_person", "not_allowed"] = "not_allowed"
    rule: ShortText = ""
    """Code of the rule, for the record."""
    text: LongText = ""
    since: date | None = None
    """First day; None: without beginning."""
    until: date | None = None
    """Last day; None: without end."""

    def is_in_force(self, day: date) -> bool:
        """Whether it holds on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class RosterNotice(WireModel):
    """A document of the worker that ends: said to them from `since` on, to its last day `until`."""

    code: ShortText
    text: ShortText
    """What the document is called in public."""
    since: date | None = None
    until: date


class RosterWorker(WireModel):
    """One employment of a worker as the kiosk needs it. `snils_hmac` is a keyed hash; the number itself stays at the centre."""

    worker_id: Id
    personnel_number: ShortText
    cards: tuple[ShortText, ...] = ()
    snils_hmac: Sha256 | None = None
    full_name: ShortText
    position: ShortText
    employer_id: Id
    employer_name: ShortText
    status: Literal["active", "suspended"] = "suspended"
    remote_allowed: bool = False
    """Whether a remote exam is allowed. A roster that does not say it, or not the status, allows nothing."""
    block_text: LongText = ""
    """Why no remote exam is possible today and where to go, in plain words; shown to the worker."""
    biometric_consent: bool = False
    """Whether a consent to `biometric_comparison` is in force."""
    consents: tuple[WorkerConsent, ...] = ()
    """Consents in force, at most one of each kind."""
    photo_sha256: Sha256 | None = None
    """Hash of the reference photo at the centre; the photo itself is sent only to a terminal that asks for it."""
    limits: tuple[dict[str, Any], ...] = ()
    """Personal and employer's limits: entries of the limits file with `source` worker or employer."""
    person_id: Id | None = None
    """Whose employment it is; a person with two jobs has two entries."""
    since: date | None = None
    """First day of the employment; None where nobody has entered one."""
    until: date | None = None
    """Last day of the employment."""
    holds: tuple[RosterHold, ...] = ()
    """What keeps the worker from an exam at a terminal, now or later; the strongest first."""
    notices: tuple[RosterNotice, ...] = ()
    """Ends of documents, soonest first."""

    @model_serializer(mode="wrap")
    def _says_what_it_knows(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What this version has added is left out where it says nothing: the bytes are those of before, and so is their hash."""
        said = serialise(self).items()
        return {name: value for name, value in said if value not in (None, (), []) or name not in _ADDED}

    @property
    def person_key(self) -> str:
        """The same for all employments of one person, as far as the roster can tell."""
        return self.person_id or self.snils_hmac or self.worker_id

    def is_in_force(self, day: date) -> bool:
        """Whether the employment holds on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def hold_on(self, day: date) -> RosterHold | None:
        """What keeps the worker from an exam on that day."""
        return next((one for one in self.holds if one.is_in_force(day)), None)


class Roster(WireModel):
    """Payload of `down/roster`: the list of one terminal, or a numbered part of it; a higher version replaces a lower one.

    A list of several parts takes effect when all of them are there, at once. Until then the list before it stays.
    """

    version: int = Field(ge=1)
    part: int = Field(default=1, ge=1)
    """Number of this part, from 1."""
    parts: int = Field(default=1, ge=1, le=10_000)
    sha256: Sha256 | None = None
    """`roster_digest` of the whole list; always there where it has several parts."""
    workers: tuple[RosterWorker, ...]

    @model_validator(mode="after")
    def _is_a_part(self) -> Self:
        if self.part > self.parts:
            raise ValueError("a part's number is at most the number of parts")
        if self.parts > 1 and self.sha256 is None:
            raise ValueError("a list of several parts names the hash of the whole")
        return self


def roster_digest(workers: Sequence[Any]) -> str:
    """SHA-256 over the workers of all parts as they travel (plain JSON values), each in canonical JSON on a line of its own.

    It ties parts of one list together: two lists may carry one version after a centre was restored from a backup.
    """
    digest = hashlib.sha256()
    for worker in workers:
        digest.update(canonical(worker) + b"\n")
    return digest.hexdigest()


class RevokedCertificate(WireModel):
    """A certificate whose signatures count no more from a moment on. Names as in the authority's list."""

    issuer: LongText
    """RFC 4514."""
    serial: Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$")]
    revoked_at: Utc


class RevokedCertificates(WireModel):
    """Content of the reference book `revoked_certificates`: the whole list, which replaces the one before."""

    certificates: tuple[RevokedCertificate, ...] = Field(default=(), max_length=5000)


REVOKED_CERTIFICATES = "revoked_certificates"
"""Name of the book; terminals refuse decisions that these certificates sign from their revocation on."""


class Reference(WireModel):
    """Payload of `down/reference`: one named reference book in one version: `limits`, `revoked_certificates`, and what kiosks
    show (`complaints`, `consent_text`, `kiosk_texts`: content as `sync.contract.books.BookContent`).
    """

    name: ShortText
    version: ShortText
    content: dict[str, Any]
