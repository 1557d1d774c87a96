"""Receipts: the centre's signed confirmation that a record is committed. Nothing else closes an outbox row.

A receipt message is signed by the centre but not chained: losing one is harmless, the terminal sends again and gets
the same receipt.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from sync.contract.model import Id, Sha256, ShortText, Utc, WireModel
from sync.contract.roster_delta import RosterState

RECEIPT_SCHEMA = "dopusk.receipt/1"
ACK_SCHEMA = "dopusk.ack/1"


class Receipt(WireModel):
    """What became of one message. `duplicate` is as good as `accepted`; `refused` says why, and never changes."""

    message_id: Id
    outcome: Literal["accepted", "duplicate", "refused"]
    code: ShortText = ""
    reason: ShortText = ""
    committed_at: Utc


class SealHead(WireModel):
    """The newest of the centre's seals over what it writes itself, by number and hash.

    Terminals keep it inside the receipts that they keep anyway: who later cuts off the end of the centre's seals, or makes them
    anew, is found by holding the centre's store against what its terminals were told.
    """

    seal_no: int = Field(ge=1)
    sha256: Sha256


class ReceiptBatch(WireModel):
    """Payload of `down/receipt`."""

    receipts: tuple[Receipt, ...] = Field(min_length=1, max_length=1000)
    seal_head: SealHead | None = None
    """None of centres that have not sealed anything yet, and of those before 0.2."""


class RefusedMessage(WireModel):
    """A message of the centre that the terminal will not apply. `sha256` is the hash of its exact bytes.

    The hash says which message is meant: an id may be claimed by a forgery, and a refused forgery must not close the row of
    the genuine message. `code` is a word of the metrics; `reason` carries no value of the payload.
    """

    message_id: Id | None = None
    """None where the message could not be read so far."""
    sha256: Sha256
    code: ShortText
    reason: ShortText = ""


class AckBatch(WireModel):
    """Payload of `up/ack`: messages of the centre that the terminal has committed (decisions, roster, references), and
    those that it refuses for good. At least one of either.
    """

    message_ids: tuple[Id, ...] = Field(default=(), max_length=1000)
    refused: tuple[RefusedMessage, ...] = Field(default=(), max_length=1000)
    roster: RosterState | None = None
    """With the answer to a roster or a difference: what the terminal has now. None of terminals that know no differences."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.message_ids and not self.refused:
            raise ValueError("an acknowledgement names at least one message")
        return self
