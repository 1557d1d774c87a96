"""Drafts of acts for tests."""

from datetime import UTC

from central.deciding.act_signing import ActDraft, draft_act
from central.store.acts import Act
from central.store.engine import writing
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import ConsoleCentre

COLUMNS = ("what",)
ROWS = [{"what": "справка № 3/2026"}, {"what": "протокол № 1/2026"}]


def drafted(centre: ConsoleCentre, kind: str = "loss") -> Act:
    """An act of two rows, drafted by somebody."""
    draft = ActDraft(ORG, kind, COLUMNS, ROWS, "залило водой", "приказ 7")
    with writing(centre.engine) as connection:
        return draft_act(connection, draft, "somebody", centre.now(), UTC)
