"""What an exam in a medical room has beside one at a terminal: who examined, by which document, what eyes saw, a drug test.

Part of schema `dopusk.exam/1`, absent in exams of terminals. Whoever examines looks at the document; its number is not kept.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from sync.contract.model import Id, ShortText, Utc, WireModel

SEEN_CHANGED = "seen_changed"
"""Code of the finding that names what eyes saw and should not be so; its value is the code in the book of findings."""
TYPED_WRONG = "typed_wrong"
"""Code of the finding that names a value which was taken back as a slip of the keyboard; the value stays in `typed_wrong`."""
DRUG_TEST = "drug_test"
"""Parameter and code of the finding of a drug test that is not negative."""

EYE_FINDINGS = "eye_findings"
"""The reference book whose codes `SeenFinding.code` holds."""

DrugResult = Literal["negative", "positive", "unclear", "refused"]


class SeenDocument(WireModel):
    """The document that somebody showed. `kind` is a code; of the number at most the last four digits are kept."""

    kind: ShortText
    last_digits: Annotated[str, Field(pattern=r"^[0-9]{0,4}$")] = ""


class SeenFinding(WireModel):
    """One thing that was looked at. `code` is of the book of findings; what was not looked at is not here."""

    field: ShortText
    code: ShortText


class TypedWrong(WireModel):
    """A typed result that was taken back as a slip: nothing that was entered goes lost."""

    step: ShortText
    attempt: int = Field(ge=1)
    typed: ShortText
    """As it was entered: `name=value;name=value`."""
    at: Utc
    taken_back_at: Utc


class DrugTest(WireModel):
    """A quick test for drugs. Of a refusal nothing but the refusal is known."""

    kind: ShortText
    """What was examined: `urine`, `saliva`."""
    result: DrugResult
    substances: ShortText = ""
    """Groups that a positive or unclear test showed, in the medic's words."""
    kit: ShortText = ""
    """Name of the kit or instrument."""
    lot: ShortText = ""
    """Lot or serial number."""
    valid_until: date | None = None
    """Until when the kit may be used, or the instrument is verified."""
    at: Utc


class RoomVisit(WireModel):
    """The exam in person. The room's name and place are those of the sender, as with a terminal."""

    examined_by: Id
    """The medic of the register who examined."""
    document: SeenDocument | None = None
    """None in an exam that was not finished before anybody looked at one."""
    seen: tuple[SeenFinding, ...] = ()
    drug_test: DrugTest | None = None
    typed_wrong: tuple[TypedWrong, ...] = ()
    terminals: tuple[ShortText, ...] = ()
    """Terminals in the room that measured for it."""
