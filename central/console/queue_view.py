"""What the queue shows: who waits, since when, with what deviations, and who looks; which terminals need somebody.

A table is drawn once for all who see the same organisations in the same language, and what was measured once for as long as an
exam waits. A row that somebody looks at carries whose look it is; `QueueTable.for_account` makes one's own look like a free one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi.templating import Jinja2Templates
from markupsafe import Markup
from sqlalchemy import Connection, Engine

from central.console.exam_circumstances import Waited, travelled, waited_of
from central.console.live import Live
from central.console.look import Look
from central.deciding.stamping import Stamping
from central.store import decisions, refusals, terminals, worklist
from central.store.engine import reading
from central.store.worklist import WaitingExam
from central.words import exam_view, wording

LATE_S = 300.0
"""After this long in the queue, in seconds, a row is shown as late."""
KEPT_CELLS = 5_000


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One waiting exam as a line of the table. `claimant` is the account that looks at it, or empty."""

    exam: WaitingExam
    cells: Markup
    waited: Waited
    late: bool
    claimed_by: str
    claimant: str


@dataclass(frozen=True, slots=True)
class QueueTable:
    """The table as it was drawn, `age_s` seconds ago."""

    html: str
    age_s: float

    def for_account(self, account_id: str) -> Markup:
        """The table in which exams that this account looks at are not marked as taken."""
        return Markup(self.html.replace(f'taken" data-claimant="{account_id}"', '"'))  # noqa: S704 - drawn by a template


class QueueTables:
    """Draws the queue, from any thread."""

    def __init__(
        self,
        engine: Engine,
        live: Live,
        templates: Jinja2Templates,
        clock: Callable[[], datetime],
        stamping: Stamping,
    ) -> None:
        self._engine = engine
        self._stamping = stamping
        self._live = live
        self._templates = templates
        self._clock = clock
        self._cells: dict[tuple[WaitingExam, str], Markup] = {}

    def table(self, orgs: Sequence[str], language: str, *, shared: bool) -> QueueTable:
        """The table of these organisations, drawn now; `shared`: or since the last change in one of them."""

        def draw() -> str:
            return self._draw(orgs, language)

        if not shared:
            return QueueTable(draw(), 0.0)
        return QueueTable(*self._live.shared((tuple(orgs), language), orgs, draw))

    def waiting(self, orgs: Sequence[str]) -> list[tuple[WaitingExam, Waited]]:
        """The waiting exams of these organisations in the order of the queue, and how long each has waited."""
        with reading(self._engine) as connection:
            found = worklist.waiting(connection, orgs)
        now = self._clock()
        return [(item, waited_of(item, now)) for item in found]

    def _draw(self, orgs: Sequence[str], language: str) -> str:
        now = self._clock()
        with reading(self._engine) as connection:
            waiting = worklist.waiting(connection, orgs)
            cells = self._cells_of(connection, waiting, language)
            claims = decisions.claims(connection, now)
            refusing = {one.terminal_id for one in refusals.refusals(connection, orgs) if one.kind == "decision"}
            in_need = terminals.in_need(connection, orgs, refusing)
        rows = []
        for item, drawn in zip(waiting, cells, strict=True):
            claim, waited = claims.get(item.exam_id), waited_of(item, now)
            whose = (claim.full_name, claim.account_id) if claim else ("", "")
            rows.append(QueueRow(item, drawn, waited, waited.since_first_s > LATE_S, *whose))
        return self._render(
            "queue_rows.html",
            language,
            rows=rows,
            offline=[row["name"] for row in in_need if row["link"] != "online"],
            standing=[row["name"] for row in in_need if row["stands"]],
            calling=[f"{row['name']}, {row['place']}" for row in in_need if row["calls"]],
            refused=[row["name"] for row in in_need if row["terminal_id"] in refusing],
            no_stamps=self._stamping.outage,
        )

    def _cells_of(self, connection: Connection, waiting: Sequence[WaitingExam], language: str) -> list[Markup]:
        """What each exam's row shows for as long as it waits; only what is new is read and drawn."""
        known = self._cells
        new = [item for item in waiting if (item, language) not in known]
        payloads = worklist.payloads(connection, [item.exam_id for item in new]) if new else {}
        if len(known) + len(new) > KEPT_CELLS:
            here = set(waiting)
            self._cells = known = {key: cells for key, cells in known.items() if key[0] in here}
        for item in new:
            known[item, language] = self._draw_cells(item, payloads[item.exam_id, item.revision], language)
        return [known[item, language] for item in waiting]

    def _draw_cells(self, item: WaitingExam, payload: Mapping[str, Any], language: str) -> Markup:
        latest = exam_view.summary(payload, language)
        late = travelled(datetime.fromisoformat(payload["finished_at"]), item.received_at)
        drawn = self._render(
            "queue_cells.html",
            language,
            exam=item,
            late=wording.how_long(late, language) if late else "",
            pressure=[latest[name] for name in ("systolic_mmhg", "diastolic_mmhg") if name in latest],
            pulse=latest.get("pulse_bpm"),
            temperature=latest.get("temperature_celsius"),
            alcohol=latest.get("breath_alcohol_mg_per_l") or latest.get("breath_test"),
            complaints=exam_view.complaint_lines(payload, language),
            urgent=exam_view.urgent_complaints(payload, language),
        )
        return Markup(drawn)  # noqa: S704 - drawn by a template

    def _render(self, template: str, language: str, **values: Any) -> str:
        # Shared with others: neither somebody's theme nor their time zone may be in it.
        return self._templates.get_template(template).render(look=Look(language, "", UTC), **values)
