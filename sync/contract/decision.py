"""The medic's decision: the record that is signed, and the message that carries it to the terminal.

The medic signs the canonical JSON of a `DecisionRecord` with a detached CMS signature (RFC 5652, binary, SHA-256).
The terminal shows an outcome only after checking that signature against its pinned trust anchor.
"""

from typing import Literal

from pydantic import Field

from sync.contract.exam import ExamRecord
from sync.contract.model import Id, LongText, Name, Sha256, ShortText, Utc, WireModel

DECISION_SCHEMA = "dopusk.decision/1"
DECISION_RECORD_SCHEMA = "dopusk.decision-record/1"

Outcome = Literal["admitted", "not_admitted", "not_identified", "repeat", "refer"]


class GroundReason(WireModel):
    """Why a medic admits although a rule of the organisation asks about a ground from another register.

    `ground_id` is the row at the centre; None where the rule needs a document that is not on record.
    """

    ground_id: Id | None
    rule: ShortText
    rules_version: ShortText = ""
    state: ShortText
    effect: ShortText
    reason: LongText


class Verdict(WireModel):
    """What the medic decided. `released_text` is what the worker may read on the kiosk, as the medic released it."""

    decision_id: Id
    outcome: Outcome
    reasons: tuple[ShortText, ...] = ()
    reason_codes: tuple[ShortText, ...] = ()
    """Codes of `reasons` in the centre's book of reasons, in the same order; records of older centres have none."""
    comment: LongText = ""
    override_reason: LongText = ""
    """Why the medic admits although the rules suggested otherwise."""
    released_text: LongText = ""
    repeat_step: Literal["temperature", "pressure", "breath"] | None = None
    visual: dict[ShortText, ShortText] = {}
    """Checklist of what only eyes can see: skin, mucous membranes, behaviour."""
    grounds: tuple[GroundReason, ...] = ()
    """Of an admission: the reason for each ground that a rule asks about."""
    corrects: Id | None = None
    decided_at: Utc
    valid_until: Utc | None = None


class Medic(WireModel):
    """The medic who decided, as in the signing certificate and the register of medics."""

    medic_id: Id
    full_name: ShortText
    position: ShortText
    certificate_serial: ShortText
    certificate_sha256: Sha256
    certificate_from: Utc | None = None
    """From when the certificate is valid; records of older centres do not say."""
    certificate_until: Utc | None = None
    """Until when it is valid."""


class Organisation(WireModel):
    """The licensed medical organisation in whose name the medic decides."""

    org: Name
    name: ShortText
    licence: ShortText


class TitleNamed(WireModel):
    """The title of an electronic waybill that was shown and signed in the same act, by name and content."""

    title: Literal["T2", "T6"]
    file_id: str = Field(max_length=255)
    sha256: Sha256


class DecisionRecord(WireModel):
    """What is signed: the whole exam as the medic saw it, and the decision on it."""

    schema_: Literal["dopusk.decision-record/1"] = Field(alias="schema")
    terminal_id: Name
    exam_message_id: Id
    exam_message_sha256: Sha256
    exam: ExamRecord
    decision: Verdict
    medic: Medic
    organisation: Organisation
    waybill_title: TitleNamed | None = None
    """Only of an admission, and only where a waybill waited for it."""


class AccountOffer(WireModel):
    """What the kiosk may offer a worker whom a medic has just recognised: a page that opens the own records, until a moment."""

    address: str = Field(max_length=300, pattern=r"^https?://")
    """Of the page; the kiosk adds its token behind `#`, which no browser sends to anybody."""
    until: Utc


class DecisionMessage(WireModel):
    """Payload of `down/decision`: the exact signed bytes (UTF-8 canonical JSON) and the signature over them."""

    exam_id: Id
    decision_id: Id
    record_json: str
    cms_base64: str
    account_offer: AccountOffer | None = None
    """Only where the centre is set up so, and a medic has recognised the worker in this exam. Not signed: it admits nobody."""
