"""Receipts: the centre's own word that a record is committed. Nothing else closes an outbox row.

A receipt message is signed by the centre but not chained: losing one is harmless, the terminal sends again and gets
the same receipt.
"""

from typing import Literal

from pydantic import Field

from sync.contract.model import Id, ShortText, Utc, WireModel

RECEIPT_SCHEMA = "dopusk.receipt/1"
ACK_SCHEMA = "dopusk.ack/1"


class Receipt(WireModel):
    """What became of one message. `duplicate` is as good as `accepted`; `refused` says why, and never changes."""

    message_id: Id
    outcome: Literal["accepted", "duplicate", "refused"]
    code: ShortText = ""
    reason: ShortText = ""
    committed_at: Utc


class ReceiptBatch(WireModel):
    """Payload of `down/receipt`."""

    receipts: tuple[Receipt, ...] = Field(min_length=1, max_length=1000)


class AckBatch(WireModel):
    """Payload of `up/ack`: messages of the centre that the terminal has committed (decisions, roster, references)."""

    message_ids: tuple[Id, ...] = Field(min_length=1, max_length=1000)
