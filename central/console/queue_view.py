"""What the queue shows: who waits, since when, with what deviations, and who looks; which terminals need somebody.

The table is drawn once for all who see the same organisations in the same language. A row that somebody looks at carries whose
look it is; `QueueTable.for_account` makes one's own look like a free one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from central.console import exam_view
from central.console.context import Console, Look, Visitor
from central.console.exam_view import ShownValue
from central.store import decisions, refusals, terminals, worklist
from central.store.engine import reading
from central.store.worklist import ListedExam

LATE_S = 300.0
"""After this long in the queue, in seconds, a row is shown as late."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One waiting exam as a line of the table. `claimant` is the account that looks at it, or empty."""

    exam: ListedExam
    waiting_s: int
    late: bool
    pressure: tuple[ShownValue, ...]
    pulse: ShownValue | None
    temperature: ShownValue | None
    alcohol: ShownValue | None
    complaints: tuple[str, ...]
    claimed_by: str
    claimant: str


@dataclass(frozen=True, slots=True)
class QueueTable:
    """The table as it was drawn, `age_s` seconds ago."""

    html: str
    age_s: float

    def for_account(self, account_id: str) -> str:
        """The table in which exams that this account looks at are not marked as taken."""
        return self.html.replace(f'taken" data-claimant="{account_id}"', '"')


def waiting_rows(console: Console, orgs: Sequence[str], language: str) -> list[QueueRow]:
    """The waiting exams of these organisations, oldest first."""
    now = console.clock()
    with reading(console.engine) as connection:
        waiting = worklist.waiting(connection, orgs)
        claims = decisions.claims(connection, now)
    rows = []
    for item in waiting:
        claim = claims.get(item.exam_id)
        waiting_s = max(0, int((now - item.received_at).total_seconds()))
        latest = exam_view.summary(item.payload, language)
        rows.append(
            QueueRow(
                exam=item,
                waiting_s=waiting_s,
                late=waiting_s > LATE_S,
                pressure=tuple(latest[name] for name in ("systolic_mmhg", "diastolic_mmhg") if name in latest),
                pulse=latest.get("pulse_bpm"),
                temperature=latest.get("temperature_celsius"),
                alcohol=latest.get("breath_alcohol_mg_per_l") or latest.get("breath_test"),
                complaints=tuple(exam_view.complaint_lines(item.payload, language)),
                claimed_by=claim.full_name if claim else "",
                claimant=claim.account_id if claim else "",
            )
        )
    return rows


def queue_table(console: Console, visitor: Visitor, *, shared: bool) -> QueueTable:
    """The table of the visitor's organisations, drawn now; `shared`: or since the last change in one of them."""
    orgs, language = visitor.account.orgs, visitor.look.language

    def draw() -> str:
        return _draw(console, orgs, language)

    if not shared:
        return QueueTable(draw(), 0.0)
    return QueueTable(*console.live.shared((orgs, language), orgs, draw))


def _draw(console: Console, orgs: Sequence[str], language: str) -> str:
    with reading(console.engine) as connection:
        refusing = {one.terminal_id for one in refusals.refusals(connection, orgs) if one.kind == "decision"}
        enrolled = terminals.enrolled(connection, orgs)
    return console.templates.get_template("queue_rows.html").render(
        # Shared with others: neither somebody's theme nor their time zone may be in it.
        look=Look(language, "", UTC),
        rows=waiting_rows(console, orgs, language),
        offline=[row["name"] for row in enrolled if row["link"] == "offline"],
        calling=[f"{row['name']}, {row['place']}" for row in enrolled if row["calls"]],
        refused=[row["name"] for row in enrolled if row["terminal_id"] in refusing],
    )
