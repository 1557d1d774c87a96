"""The queue as rows: waiting exams with their deviations and claims, and terminals that need attention.

A table is drawn once for all who see the same organisations in the same language, and what was measured once for as long as an
exam waits. A row that somebody looks at carries whose look it is; `QueueTable.for_account` makes one's own look like a free one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from fastapi.templating import Jinja2Templates
from markupsafe import Markup
from sqlalchemy import Connection, Engine

from central.console.exam_circumstances import Waited, travelled, waited_of
from central.console.live import Live
from central.console.look import Look
from central.console.queue_filter import EVERYTHING, QueueFilter
from central.console.sorting import Sorting
from central.core.ordering import AS_IT_COMES
from central.deciding.same_day import LOOK_BACK, SameDay, same_day
from central.deciding.stamping import Stamping
from central.store import calls, decisions, refusals, rings, terminals, worklist
from central.store.engine import reading
from central.store.rings import Ring
from central.store.same_day import exams_of_people
from central.store.worklist import WaitingExam
from central.words import exam_view, wording

_MOMENT = re.compile(r'<time datetime="([^"]+)"></time>')
"""A moment that is written for each reader: what is shared knows nobody's time zone."""
LATE_S = 300.0
"""After this long in the queue, in seconds, a row is shown as late."""
KEPT_CELLS = 5_000
_UNSORTED = Sorting(AS_IT_COMES, frozenset(), "sort", "/queue", ())


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
class DrawnQueue:
    """What is alike for all who see the same organisations in the same language: all rows, and what stands above them."""

    links: str
    notices: str
    rows: tuple[tuple[WaitingExam, bool, str], ...]
    """Each exam, whether it is late, and its line."""
    ringing: tuple[Ring, ...]
    """Medics who are rung now."""


class QueueTable:
    """The queue as it was drawn, `age_s` seconds ago."""

    def __init__(
        self, drawn: DrawnQueue, age_s: float, language: str, templates: Jinja2Templates, now: datetime
    ) -> None:
        self.age_s = age_s
        self._drawn, self._language, self._templates, self._now = drawn, language, templates, now

    def for_account(
        self, account_id: str, zone: tzinfo = UTC, wanted: QueueFilter = EVERYTHING, sorting: Sorting | None = None
    ) -> Markup:
        """The table for one medic: their filters and time zone; exams that they have open are not shown as taken."""
        rows = wanted.arranged(self._drawn.rows, lambda row: row[0])
        shown = {row[0].exam_id for row in rows}
        hidden = [row for row in self._drawn.rows if row[0].exam_id not in shown]
        html = self._templates.get_template("queue_rows.html").render(
            look=Look(self._language, "", UTC),
            links=Markup(self._drawn.links),  # noqa: S704 - drawn by a template
            notices=Markup(self._drawn.notices),  # noqa: S704 - drawn by a template
            rows=Markup("".join(row[2] for row in rows)),  # noqa: S704 - drawn by a template
            ringing=[one for one in self._drawn.ringing if one.account_id == account_id],
            count=len(rows),
            total=len(self._drawn.rows),
            hidden=len(hidden),
            hidden_out=sum(row[0].suggestion == "out_of_limits" for row in hidden),
            hidden_late=sum(row[1] for row in hidden),
            sorting=sorting or _UNSORTED,
        )
        html = html.replace(f'taken" data-claimant="{account_id}"', '"')
        return Markup(_MOMENT.sub(lambda found: self._moment(found[1], zone), html))  # noqa: S704 - drawn by a template

    def _moment(self, iso: str, zone: tzinfo) -> str:
        said = wording.lately(datetime.fromisoformat(iso), self._now, zone, self._language)
        return f'<time datetime="{iso}">{said}</time>'


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
        self._cells: dict[tuple[WaitingExam, tuple[SameDay, ...], str], Markup] = {}

    def table(self, orgs: Sequence[str], language: str, *, shared: bool) -> QueueTable:
        """The table of these organisations, drawn now; `shared`: or since the last change in one of them."""

        def draw() -> DrawnQueue:
            return self._draw(orgs, language)

        drawn, age_s = self._live.shared((tuple(orgs), language), orgs, draw) if shared else (draw(), 0.0)
        return QueueTable(drawn, age_s, language, self._templates, self._clock())

    def waiting(self, orgs: Sequence[str]) -> list[tuple[WaitingExam, Waited]]:
        """The waiting exams of these organisations in the order of the queue, and how long each has waited."""
        with reading(self._engine) as connection:
            found = worklist.waiting(connection, orgs)
        now = self._clock()
        return [(item, waited_of(item, now)) for item in found]

    def _draw(self, orgs: Sequence[str], language: str) -> DrawnQueue:
        now = self._clock()
        with reading(self._engine) as connection:
            waiting = worklist.waiting(connection, orgs)
            cells = self._cells_of(connection, waiting, _same_days(connection, waiting, orgs), language)
            claims = decisions.claims(connection, now)
            refusing = {one.terminal_id for one in refusals.refusals(connection, orgs) if one.kind == "decision"}
            in_need = terminals.in_need(connection, orgs, refusing)
            calling = calls.calls(connection, orgs)
            ringing = rings.ringing(connection, orgs)
        rows = []
        for item, drawn in zip(waiting, cells, strict=True):
            claim, waited = claims.get(item.exam_id), waited_of(item, now)
            whose = (claim.full_name, claim.account_id) if claim else ("", "")
            row = QueueRow(item, drawn, waited, waited.since_first_s > LATE_S, *whose)
            rows.append((item, row.late, self._render("queue_row.html", language, row=row)))
        offline = [row["name"] for row in in_need if row["link"] != "online"]
        notices = self._render(
            "queue_notices.html",
            language,
            standing=[row["name"] for row in in_need if row["stands"]],
            calling=calling,
            refused=[row["name"] for row in in_need if row["terminal_id"] in refusing],
            no_stamps=self._stamping.outage,
        )
        return DrawnQueue(
            self._render("queue_links.html", language, offline=offline), notices, tuple(rows), tuple(ringing)
        )

    def _cells_of(
        self,
        connection: Connection,
        waiting: Sequence[WaitingExam],
        same_days: Mapping[str, tuple[SameDay, ...]],
        language: str,
    ) -> list[Markup]:
        """What each exam's row shows for as long as it waits; only what is new is read and drawn."""
        known = self._cells
        keys = [(item, same_days.get(item.exam_id, ()), language) for item in waiting]
        new = [key for key in keys if key not in known]
        payloads = worklist.payloads(connection, [item.exam_id for item, _, _ in new]) if new else {}
        if len(known) + len(new) > KEPT_CELLS:
            here = set(waiting)
            self._cells = known = {key: cells for key, cells in known.items() if key[0] in here}
        for key in new:
            item, others, _ = key
            known[key] = self._draw_cells(item, others, payloads[item.exam_id, item.revision], language)
        return [known[key] for key in keys]

    def _draw_cells(
        self, item: WaitingExam, others: Sequence[SameDay], payload: Mapping[str, Any], language: str
    ) -> Markup:
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
            others=others,
        )
        return Markup(drawn)  # noqa: S704 - drawn by a template

    def _render(self, template: str, language: str, **values: Any) -> str:
        # Shared with others: neither somebody's theme nor their time zone may be in it.
        return self._templates.get_template(template).render(look=Look(language, "", UTC), **values)


def _same_days(
    connection: Connection, waiting: Sequence[WaitingExam], orgs: Sequence[str]
) -> dict[str, tuple[SameDay, ...]]:
    """By exam that waits: what else happened to the same person on its day."""
    asked = [item for item in waiting if item.worker_id is not None]
    if not asked:
        return {}
    since = min(item.finished_at for item in asked) - LOOK_BACK
    found = exams_of_people(connection, {str(item.worker_id) for item in asked}, orgs, since)
    return {
        item.exam_id: same_day(item.exam_id, item.exam_type, item.finished_at, found.get(str(item.worker_id), []))
        for item in asked
    }
