"""Takes an employer's staff over from its personnel system: fetched as a whole, judged by the rules of the workers' file.

The difference is shown and somebody takes it over, or the configuration says that it is taken over at once; where more than a fifth
would leave, somebody is asked in any case. Who is in the list no longer ends on the day on which that was seen. Nothing is half
stored: a list with one fault changes nothing.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from central.core.days import day_of
from central.core.partner_config import PartnerConfig
from central.imports import worker_columns as column
from central.imports.lines_on_disk import table_rows
from central.imports.register_files import FILES, RegisterChanged, import_large_file
from central.imports.tables import TableRow
from central.imports.workers import check_rows
from central.people.registry import Registry
from central.store import audit, registry, staff_fetches, workers
from central.store.engine import reading, writing
from central.store.exchange_log import About, Ended, log
from central.store.register_changes import Author
from central.store.staff_fetches import StaffFetch
from central.systems.converting.one_c import UnreadableStaff, workers_of
from central.systems.staff_line import StaffAway, StaffLine
from sync.contract.canonical import canonical, new_id, sha256_hex

MOST_LEAVING = 0.2
"""When more than this part of the workers that came from the system would leave, somebody has to say that it is meant."""
MOST_SHOWN = 50
NOT_SEEN_YET = "Новый работник из кадровой системы: медпункт ещё не разрешил осмотр на терминале"
"""What the kiosk and the register say of somebody whom nobody in the medical post has seen."""
FIRST_REST, LONGEST_REST = timedelta(minutes=1), timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Judged:
    """A fetched list, and what it would do."""

    rows: list[TableRow]
    """With a row for each who leaves."""
    sha256: str
    difference: dict[str, Any]
    faults: list[dict[str, Any]]
    asks: bool

    @property
    def is_change(self) -> bool:
        """Whether anything would be stored."""
        return any(self.difference[name] for name in ("added", "changed", "leaving"))


class StaffSync:
    """The staff of one partner. One thread calls `step`."""

    def __init__(
        self,
        engine: Engine,
        config: PartnerConfig,
        line: StaffLine,
        people: Registry,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine, self._config, self._line, self._people = engine, config, line, people
        self._clock, self._wake = clock, wake
        self._failures = 0

    def step(self) -> str:
        """Fetch where it is time or somebody asked; returns what became of it, empty where nothing was to be done."""
        with reading(self._engine) as connection:
            before = staff_fetches.newest(connection, self._config.name)
        if before is not None and not self._is_due(before):
            return ""
        accepted = before if before is not None and before.state == "accepted" else None
        begun_s = time.monotonic()
        try:
            judged = self._judged(self._line.fetch())
        except (StaffAway, UnreadableStaff) as error:
            code = error.code if isinstance(error, StaffAway) else "unreadable"
            status = error.http_status if isinstance(error, StaffAway) else None
            self._failures += 1
            return self._note("failed", before, code=code, http_status=status, begun_s=begun_s)
        self._failures = 0
        if judged.faults:
            return self._note("faults", before, judged, begun_s=begun_s)
        if not judged.is_change:
            return self._note("same", before, judged, begun_s=begun_s)
        is_accepted = accepted is not None and accepted.sha256 == judged.sha256
        if not is_accepted and (judged.asks or self._config.staff == "ask"):
            return self._note("asks", before, judged, begun_s=begun_s)
        by = accepted.accepted_by if accepted is not None and is_accepted else None
        return self._note(self._apply(judged, by), before, judged, begun_s=begun_s, by=by)

    def _is_due(self, before: StaffFetch) -> bool:
        if before.state in {"wanted", "accepted"}:
            return True
        rest = timedelta(minutes=self._config.staff_every_min)
        if before.state == "failed":
            rest = min(rest, FIRST_REST * (1 << min(self._failures, 6)), LONGEST_REST)
        return self._clock() - before.at >= rest

    def _judged(self, entities: Mapping[str, Sequence[Mapping[str, Any]]]) -> Judged:
        """What a list would do. Raises `StaffAway` where the employer is not in the register, `UnreadableStaff`."""
        config, today = self._config, day_of(self._clock())
        with reading(self._engine) as connection:
            served = registry.list_employers(connection, config.org)
            found = [row for row in served if row["inn"] == config.employers[0]]
            if len(found) != 1:
                raise StaffAway("no_employer")
            employer = found[0]
            rows = workers_of(entities, employer["name"])
            if not rows:
                # An empty list is an infobase without rights or of somebody else, and not an employer without workers.
                raise StaffAway("empty")
            there = [
                dict(row)
                for row in workers.list_workers(connection, config.org)
                if row["employer_id"] == employer["employer_id"]
            ]
            kept = [row for row in there if row["external_id"]]
            said = sha256_hex(canonical([sorted(row.items()) for row in rows]))
            self._say_remote(rows, {row["personnel_number"] for row in there})
            moved = _moved(rows, kept)
            leaving = _leaving(rows, kept, today)
            known = sum(row["until"] is None or row["until"] >= today for row in kept)
            whole = [
                *rows,
                *(_last_row(row, employer["name"], today, len(rows) + n) for n, row in enumerate(leaving, 1)),
            ]
            checked = check_rows(connection, config.org, whole, today, self._people.snils_hash)
        ids = {row["worker_id"] for row in leaving}
        written = [one for one in checked.workers if one.worker_id not in ids]
        known_ids = {row["worker_id"] for row in kept}
        faults = moved + [{"row": one.row, "column": one.column, "code": one.code} for one in checked.faults]
        difference = {
            "rows": len(rows),
            "added": checked.added,
            "changed": len(written) - checked.added,
            "leaving": len(leaving),
            "added_numbers": [one.personnel_number for one in written if one.worker_id not in known_ids][:MOST_SHOWN],
            "leaving_numbers": sorted(row["personnel_number"] for row in leaving)[:MOST_SHOWN],
            "faults": len(faults),
        }
        asks = len(leaving) > MOST_LEAVING * known
        return Judged(whole, said, difference, faults[:MOST_SHOWN], asks)

    def _say_remote(self, rows: Sequence[TableRow], there: set[str]) -> None:
        """1C does not say who may be examined at a terminal: of who is new the configuration does, of others the register."""
        for row in rows:
            if row[column.NUMBER] not in there:
                row[column.REMOTE] = "да" if self._config.new_workers_remote else "нет"
                if not self._config.new_workers_remote:
                    row[column.REASON] = NOT_SEEN_YET

    def _apply(self, judged: Judged, by: str | None) -> str:
        """Store it as a whole by the rules of the workers' file; what became of it."""
        rows = table_rows()
        for row in judged.rows:
            rows.append(row)
        now = self._clock()

        def note(connection: Connection, detail: Mapping[str, int]) -> None:
            audit.write(
                connection,
                at=now,
                account_id=by,
                address=audit.OF_ITSELF,
                action="workers.import",
                subject=self._config.name,
                org=self._config.org,
                detail=dict(detail),
            )

        try:
            checked = import_large_file(
                self._engine,
                FILES["workers"](self._people),
                self._config.org,
                rows,
                Author(by, now),
                done=lambda _count: None,
                note=note,
            )
        except RegisterChanged:
            return "asks"
        if checked.faults:
            return "faults"
        self._wake()
        return "applied"

    def _note(
        self,
        state: str,
        before: StaffFetch | None,
        judged: Judged | None = None,
        *,
        code: str = "",
        http_status: int | None = None,
        begun_s: float,
        by: str | None = None,
    ) -> str:
        config, now = self._config, self._clock()
        item = StaffFetch(
            new_id(),
            config.name,
            config.org,
            now,
            state,
            judged.sha256 if judged is not None else "",
            judged.difference if judged is not None else {},
            judged.faults if judged is not None else [],
            code,
            by,
        )
        outcome = {"failed": "retrying", "faults": "refused"}.get(state, "ok")
        about = About(config.org, config.name, "in", "rest", "staff", "odata", "staff", item.fetch_id, by or "")
        spent = round((time.monotonic() - begun_s) * 1000)
        ended = Ended(outcome, code or ("row_faults" if state == "faults" else ""), "", http_status, spent)
        with writing(self._engine) as connection:
            is_asked_again = before is not None and before.state == state == "asks" and before.sha256 == item.sha256
            if not is_asked_again:
                staff_fetches.add(connection, item)
            else:
                staff_fetches.look_again(connection, before.fetch_id if before is not None else "", now)
            log(connection, about, b"", ended, now, size=self._line.read_bytes, sha256=item.sha256)
        return state


def _moved(rows: Sequence[TableRow], kept: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows whose key the register has under another personnel number: one person would be there twice."""
    numbers = {row["external_id"]: row["personnel_number"] for row in kept}
    return [
        {"row": row.number, "column": column.NUMBER, "code": "staff_number_changed"}
        for row in rows
        if numbers.get(row[column.EXTERNAL], row[column.NUMBER]) != row[column.NUMBER]
    ]


def _leaving(rows: Sequence[TableRow], kept: Sequence[Mapping[str, Any]], today: date) -> list[Mapping[str, Any]]:
    """Who came from the system, is employed, and is not in the list."""
    told = {row[column.EXTERNAL] for row in rows}
    return [row for row in kept if row["external_id"] not in told and (row["until"] is None or row["until"] > today)]


def _last_row(row: Mapping[str, Any], employer: str, today: date, number: int) -> TableRow:
    """What the register has of somebody, with today as the last day."""
    said = {
        column.NUMBER: row["personnel_number"],
        column.NAME: row["full_name"],
        column.POSITION: row["position"],
        column.EMPLOYER: employer,
        column.UNTIL: f"{today:%d.%m.%Y}",
    }
    return TableRow(said, number, {})
