"""Drafts of acts for tests."""

from collections.abc import Sequence
from datetime import UTC

from central.deciding.act_signing import ActDraft, draft_act
from central.store.acts import Act
from central.store.engine import writing
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import ConsoleCentre

COLUMNS = ("what",)
ROWS = [{"what": "справка № 3/2026"}, {"what": "протокол № 1/2026"}]


DESTROYED = [{"sha256": "ab" * 32, "exam_id": "0" * 36, "made_on": "2021-11-30"}]


def drafted(centre: ConsoleCentre, kind: str = "loss", rows: Sequence[dict[str, str]] = ROWS) -> Act:
    """An act of two rows, drafted by somebody."""
    draft = ActDraft(ORG, kind, tuple(rows[0]), rows, "залило водой", "приказ 7")
    with writing(centre.engine) as connection:
        return draft_act(connection, draft, "somebody", centre.now(), UTC)
