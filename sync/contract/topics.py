"""Names of the MQTT topics: `dopusk/1/<org>/<terminal>/up|down/<kind>` and `…/status` (retained, with a last will)."""

from dataclasses import dataclass
from enum import StrEnum

ROOT = "dopusk/1"


class Up(StrEnum):
    """Kinds that a terminal sends."""

    EXAM = "exam"
    MEDIA = "media"
    HEALTH = "health"
    ACK = "ack"
    FACE = "face"
    MEASURED = "measured"
    PASSAGE = "passage"


class Down(StrEnum):
    """Kinds that the centre sends."""

    RECEIPT = "receipt"
    DECISION = "decision"
    ROSTER = "roster"
    REFERENCE = "reference"
    PHOTO = "photo"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class TerminalAddress:
    """Organisation and terminal as they stand in topics."""

    org: str
    terminal: str

    @property
    def _base(self) -> str:
        return f"{ROOT}/{self.org}/{self.terminal}"

    def up(self, kind: Up) -> str:
        return f"{self._base}/up/{kind}"

    def down(self, kind: Down) -> str:
        return f"{self._base}/down/{kind}"

    @property
    def all_down(self) -> str:
        """Filter for everything that the centre sends to this terminal."""
        return f"{self._base}/down/#"

    @property
    def status(self) -> str:
        return f"{self._base}/status"


ALL_UP = f"{ROOT}/+/+/up/#"
"""Filter for everything that terminals send; the centre subscribes to it through `$share/<group>/`."""
ALL_STATUS = f"{ROOT}/+/+/status"


_OTHER_SCHEMAS = {"roster_delta": Down.ROSTER}
"""Schemas that travel under another kind than their name."""


def kind_of_schema(schema: str) -> str:
    """The kind that messages of a schema travel under; empty for a schema that is none of ours."""
    owner, _, name = schema.split("/")[0].partition(".")
    return _OTHER_SCHEMAS.get(name, name) if owner == "dopusk" else ""


def parse_topic(topic: str) -> tuple[TerminalAddress, str, str]:
    """Split a topic into address, direction (`up`, `down`, `status`) and kind. Raises `ValueError` for a foreign one."""
    parts = topic.split("/")
    match parts:
        case ["dopusk", "1", org, terminal, "status"]:
            return TerminalAddress(org, terminal), "status", ""
        case ["dopusk", "1", org, terminal, ("up" | "down") as direction, kind]:
            return TerminalAddress(org, terminal), direction, kind
        case _:
            raise ValueError(f"not a topic of this contract: {topic!r}")
