"""The published form of the contract: the schema name, kind and direction of each payload.

The JSON Schema files in `schemas/` are written from these models by `dopusk schemas`; a test keeps them equal.
"""

import json
from dataclasses import dataclass

from sync.contract.decision import DECISION_RECORD_SCHEMA, DECISION_SCHEMA, DecisionMessage, DecisionRecord
from sync.contract.envelope import Envelope
from sync.contract.exam import EXAM_SCHEMA, ExamRecord
from sync.contract.face import FACE_SCHEMA, PHOTO_SCHEMA, FaceReport, PhotoPart
from sync.contract.health import HEALTH_SCHEMA, HealthReport, TerminalStatus
from sync.contract.media import MEDIA_SCHEMA, MediaChunk
from sync.contract.model import WireModel
from sync.contract.order import MEASURED_SCHEMA, ORDER_SCHEMA, MeasuredReport, MeasurementOrder
from sync.contract.passage import PASSAGE_SCHEMA, PassageReport
from sync.contract.receipt import ACK_SCHEMA, RECEIPT_SCHEMA, AckBatch, ReceiptBatch
from sync.contract.roster import REFERENCE_SCHEMA, ROSTER_SCHEMA, Reference, Roster
from sync.contract.roster_delta import ROSTER_DELTA_SCHEMA, RosterDelta


@dataclass(frozen=True, slots=True)
class PublishedSchema:
    """One schema of the contract. `channel` is the topic under the terminal's, empty for what is only nested."""

    name: str
    model: type[WireModel]
    channel: str
    summary: str

    @property
    def file_name(self) -> str:
        return self.name.replace("/", ".") + ".json"

    def text(self) -> str:
        """The JSON Schema (draft 2020-12) as it stands in the file."""
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:dopusk:schema:{self.name}",
            **self.model.model_json_schema(mode="validation"),
        }
        return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


PUBLISHED = (
    PublishedSchema("dopusk.envelope/1", Envelope, "", "What every message carries, signed with Ed25519."),
    PublishedSchema(EXAM_SCHEMA, ExamRecord, "up/exam", "One examination in one revision."),
    PublishedSchema(MEDIA_SCHEMA, MediaChunk, "up/media", "A chunk of a photo or a video segment."),
    PublishedSchema(
        HEALTH_SCHEMA, HealthReport, "up/health", "How the terminal and its devices are; the newest counts."
    ),
    PublishedSchema(ACK_SCHEMA, AckBatch, "up/ack", "Messages of the centre that the terminal has committed."),
    PublishedSchema(
        FACE_SCHEMA, FaceReport, "up/face", "Reference faces that a terminal wants, took, refused, deleted."
    ),
    PublishedSchema(
        MEASURED_SCHEMA, MeasuredReport, "up/measured", "What became of a measurement that a medic had prepared."
    ),
    PublishedSchema(PASSAGE_SCHEMA, PassageReport, "up/passage", "What became of the gate at a terminal."),
    PublishedSchema(RECEIPT_SCHEMA, ReceiptBatch, "down/receipt", "The centre's word that messages are committed."),
    PublishedSchema(DECISION_SCHEMA, DecisionMessage, "down/decision", "A medic's signed decision."),
    PublishedSchema(DECISION_RECORD_SCHEMA, DecisionRecord, "", "What the medic signs."),
    PublishedSchema(ROSTER_SCHEMA, Roster, "down/roster", "Who may be examined at this terminal."),
    PublishedSchema(ROSTER_DELTA_SCHEMA, RosterDelta, "down/roster", "What changes in the list that a terminal has."),
    PublishedSchema(REFERENCE_SCHEMA, Reference, "down/reference", "A reference book in one version."),
    PublishedSchema(
        PHOTO_SCHEMA, PhotoPart, "down/photo", "A part of a worker's reference photo, only where asked for."
    ),
    PublishedSchema(
        ORDER_SCHEMA, MeasurementOrder, "down/order", "A measurement that a medic in the same room has prepared."
    ),
    PublishedSchema("dopusk.status/1", TerminalStatus, "status", "Retained state of a terminal, and its last will."),
)
