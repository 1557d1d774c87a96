"""Exams in a medical room from the first field to the record: begun, kept, entered, recorded, ended. One transaction each.

A record is sealed with the centre's key and takes its place in the room's own chain, through the same projection as what comes
from terminals. From then on it is an exam like any other: it waits in the queue, is decided, signed, listed and printed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection

from central.books import reading as books
from central.books.codes import is_offered
from central.books.reading import Version
from central.core.config import Generation, RoomConfig
from central.core.days import day_of
from central.examining.answers import Answers, exam_types, read_answers
from central.examining.content import RoomContent, content_of
from central.examining.orders import absorbed, call_off, prepare, prepare_fault
from central.examining.record import BOOKS_SHOWN, build, verdict_of
from central.examining.typed_values import (
    FIELDS,
    Faults,
    Rests,
    again_fault,
    entered,
    instrument_fault,
    is_typed,
    read_values,
)
from central.exchange.checks import Accepted
from central.exchange.intake import commit
from central.link.outgoing import Outgoing
from central.people.limits import default_entries, entries_for
from central.store import chain_heads, instruments, rooms
from central.store import exams as exam_store
from central.store.rooms import RoomDraft
from central.store.workers import get_worker
from sync.contract.books import COMPLAINTS, BookItem
from sync.contract.canonical import new_id
from sync.contract.exam import EXAM_SCHEMA, AppliedLimit, ExamRecord, RuleVerdict
from sync.contract.limits import resolve
from sync.contract.room import EYE_FINDINGS
from sync.contract.topics import TerminalAddress, Up

SOFTWARE_VERSION = version("dopusk")


class RoomConflict(Exception):
    """The exam cannot go on as the page shows it. `code`: a key under `room.conflict`."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Shown:
    """What a draft is judged by today: the worker, the books, the limits, the instruments that stand in the room."""

    worker: Mapping[str, Any]
    books: Mapping[str, Version]
    limits: tuple[AppliedLimit, ...]
    instruments: Mapping[str, tuple[Mapping[str, Any], ...]]

    def items(self, name: str) -> dict[str, BookItem]:
        """Items of a book by code."""
        return self.books[name].by_code


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a change. `exam_id` of what was recorded; otherwise the draft as it stands, and faults by field."""

    draft: RoomDraft | None
    faults: Faults
    exam_id: str = ""


class RoomExams:
    """The exams of medical rooms of one centre. Holds no state; every call is given its transaction and its moment."""

    def __init__(self, outgoing: Outgoing, rules: RoomConfig, generation: Generation) -> None:
        self._outgoing = outgoing
        self._rules = rules
        self._generation: Generation = generation
        rests = {"pressure": rules.pressure_rest_min, "breath": rules.breath_rest_min}
        self.rests = Rests(rests, rules.most_repeats)
        # Read once and kept: no file is opened later, while a transaction holds others up.
        self._of_program = (default_entries(), *(books.of_program(name) for name in BOOKS_SHOWN))

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps without which the rules call an exam incomplete."""
        return self._rules.steps

    def begin(
        self,
        connection: Connection,
        worker: Mapping[str, Any],
        room_id: str,
        exam_type: str,
        by: tuple[str, str],
        now: datetime,
    ) -> RoomDraft:
        """A new exam of a worker, or the one that is being entered already. `by`: account and medic.

        Raises `RoomConflict` for a worker who was put away and for a room that is closed.
        """
        if worker["archived_at"] is not None:
            raise RoomConflict("archived")
        if rooms.open_room(connection, worker["org"], room_id) is None:
            raise RoomConflict("no_room")
        content = RoomContent(typed={"exam_type": [exam_type]})
        return self._add(connection, worker, room_id, by, now, content, new_id(), 1)

    def go_on(self, connection: Connection, exam_id: str, by: tuple[str, str], now: datetime) -> RoomDraft:
        """An exam of a room that a medic wants repeated, opened again with all that was recorded. Raises `RoomConflict`."""
        current = exam_store.current(connection, exam_id)
        record = ExamRecord.model_validate(current.payload) if current is not None else None
        if current is None or record is None or record.room is None or record.examinee is None:
            raise RoomConflict("unknown")
        worker = get_worker(connection, record.examinee.worker_id)
        if worker is None or worker["archived_at"] is not None:
            raise RoomConflict("archived")
        room = rooms.open_room(connection, worker["org"], current.terminal_id)
        if room is None:
            raise RoomConflict("no_room")
        content = RoomContent(
            typed=_typed_of(record),
            measurements=record.measurements,
            failures=record.failures,
            typed_wrong=record.room.typed_wrong,
            terminals=record.room.terminals,
        )
        begun = record.started_at
        draft = self._add(
            connection, dict(worker), room["terminal_id"], by, now, content, exam_id, record.revision + 1, begun
        )
        if draft.exam_id != exam_id:
            raise RoomConflict("another_exam")
        return draft

    def shown(self, connection: Connection, draft: RoomDraft, now: datetime) -> Shown:
        """What the page offers for a draft, and what its answers are judged by."""
        found, today = get_worker(connection, draft.worker_id), day_of(now)
        worker: dict[str, Any] = dict(found) if found is not None else {}
        entries = entries_for(connection, worker)
        limits = resolve(entries, worker_id=draft.worker_id, employer_id=worker["employer_id"], on=today)
        here = [
            dict(row)
            for row in instruments.of_organisations(connection, (draft.org,))
            if row["terminal_id"] == draft.room_id
        ]
        return Shown(
            worker,
            {name: books.in_force(connection, name, draft.org, today) for name in BOOKS_SHOWN},
            limits,
            {step: tuple(row for row in here if row["measures"] == step) for step in FIELDS},
        )

    def keep(
        self,
        connection: Connection,
        draft: RoomDraft,
        typed: Mapping[str, list[str]],
        by: tuple[str, str],
        now: datetime,
    ) -> RoomDraft:
        """Keep what stands in the fields, whatever it is. Raises `RoomConflict` (`changed`) for a page that is behind."""
        content = absorbed(connection, draft, content_of(draft.content))
        return self._store(connection, draft, _with_typed(content, typed), by, now)

    def take_answers(self, connection: Connection, draft: RoomDraft, now: datetime) -> RoomDraft:
        """Take what the terminal in the room has answered into the draft; the draft as it is where nothing was."""
        content = content_of(draft.content)
        with_more = absorbed(connection, draft, content)
        if with_more == content:
            return draft
        return self._store(connection, draft, with_more, (draft.account_id, draft.medic_id), now)

    def prepare(
        self,
        connection: Connection,
        draft: RoomDraft,
        typed: Mapping[str, list[str]],
        step: str,
        by: tuple[str, str],
        now: datetime,
    ) -> Outcome:
        """Prepare a measurement at the terminal in the room: nothing starts there before a touch. Raises as `keep`."""
        content = _with_typed(absorbed(connection, draft, content_of(draft.content)), typed)
        fault = prepare_fault(connection, draft, step, content, self.rests, now)
        kept = self._store(connection, draft, content, by, now)
        if fault is not None:
            return Outcome(kept, {f"order_{step}": fault})
        valid = timedelta(minutes=self._rules.order_min)
        prepare(connection, self._outgoing, draft, step, content, valid, now)
        return Outcome(kept, {})

    def call_off(
        self,
        connection: Connection,
        draft: RoomDraft,
        typed: Mapping[str, list[str]],
        by: tuple[str, str],
        now: datetime,
    ) -> RoomDraft:
        """Call off what was prepared at the terminal. Raises as `keep`."""
        call_off(connection, self._outgoing, draft, now)
        return self.keep(connection, draft, typed, by, now)

    def enter(
        self,
        connection: Connection,
        draft: RoomDraft,
        typed: Mapping[str, list[str]],
        steps: tuple[str, ...],
        by: tuple[str, str],
        now: datetime,
    ) -> Outcome:
        """Take typed values of these steps as results; what is at fault stays typed. Raises as `keep`."""
        content = _with_typed(absorbed(connection, draft, content_of(draft.content)), typed)
        shown = self.shown(connection, draft, now)
        content, faults = self._entered(content, shown, steps, now)
        return Outcome(self._store(connection, draft, content, by, now), faults)

    def record(
        self,
        connection: Connection,
        draft: RoomDraft,
        typed: Mapping[str, list[str]],
        by: tuple[str, str],
        now: datetime,
    ) -> Outcome:
        """Record the exam when nothing is at fault; otherwise keep what was typed. Raises as `keep`.

        Nothing that was not measured is needed here: the rules call such an exam incomplete, and the decision asks why.
        """
        content = _with_typed(absorbed(connection, draft, content_of(draft.content)), typed)
        shown = self.shown(connection, draft, now)
        left = tuple(step for step in FIELDS if is_typed(step, content))
        content, faults = self._entered(content, shown, left, now)
        answers, more = self._answers(content, shown, now)
        faults |= more
        if faults:
            return Outcome(self._store(connection, draft, content, by, now), faults)
        made = replace(draft, medic_id=by[1])
        self._seal(connection, made, content, answers, shown, now)
        return Outcome(None, {}, draft.exam_id)

    def end(self, connection: Connection, draft: RoomDraft, reason: str, now: datetime) -> str:
        """End a draft that nobody records: what was entered becomes an unfinished exam, whose id is returned; else it is gone.

        `reason`: `interrupted` or `expired`. Raises `RoomConflict` (`changed`) when somebody was quicker.
        """
        content = absorbed(connection, draft, content_of(draft.content))
        call_off(connection, self._outgoing, draft, now)
        if not content.holds_facts:
            if not rooms.end_draft(connection, draft):
                raise RoomConflict("changed")
            return ""
        shown = self.shown(connection, draft, now)
        answers, _ = self._answers(content, shown, now)
        self._seal(connection, draft, content, answers, shown, now, reason)
        return draft.exam_id

    def verdict(self, content: RoomContent, answers: Answers, shown: Shown) -> RuleVerdict:
        """What the rules would suggest of the exam as it stands."""
        return verdict_of(content, answers, self.steps, shown.limits, shown.items(EYE_FINDINGS))

    def _answers(self, content: RoomContent, shown: Shown, now: datetime) -> tuple[Answers, Faults]:
        return read_answers(content, shown.items(COMPLAINTS), shown.items(EYE_FINDINGS), now, day_of(now))

    def _entered(
        self, content: RoomContent, shown: Shown, steps: tuple[str, ...], now: datetime
    ) -> tuple[RoomContent, Faults]:
        faults: Faults = {}
        for step in steps:
            chosen = content.one(f"instrument_{step}")
            instrument = next((row for row in shown.instruments[step] if row["instrument_id"] == chosen), None)
            values, found = read_values(step, content)
            if (wrong := instrument_fault(instrument, day_of(now))) is not None:
                found[f"instrument_{step}"] = wrong
            if not found and (again := again_fault(step, content, self.rests, now)) is not None:
                found[f"again_{step}"] = again
            faults |= found
            if not found and instrument is not None:
                content = entered(step, content, values, instrument, self._generation, now)
        return content, faults

    def _add(
        self,
        connection: Connection,
        worker: Mapping[str, Any],
        room_id: str,
        by: tuple[str, str],
        now: datetime,
        content: RoomContent,
        exam_id: str,
        revision: int,
        started_at: datetime | None = None,
    ) -> RoomDraft:
        account_id, medic_id = by
        new = RoomDraft(
            draft_id=new_id(),
            org=worker["org"],
            room_id=room_id,
            worker_id=worker["worker_id"],
            account_id=account_id,
            medic_id=medic_id,
            exam_id=exam_id,
            exam_revision=revision,
            version=1,
            content=content.model_dump(mode="json"),
            started_at=started_at or now,
            updated_at=now,
            ends_at=self._ends(now),
        )
        if rooms.add_draft(connection, new):
            return new
        found = rooms.draft_of_worker(connection, worker["worker_id"])
        if found is None:
            raise RoomConflict("changed")
        return found

    def _store(
        self, connection: Connection, draft: RoomDraft, content: RoomContent, by: tuple[str, str], now: datetime
    ) -> RoomDraft:
        stored, ends_at = content.model_dump(mode="json"), self._ends(now)
        if not rooms.keep_draft(connection, draft, stored, medic_id=by[1], now=now, ends_at=ends_at):
            raise RoomConflict("changed")
        return replace(
            draft, content=stored, version=draft.version + 1, medic_id=by[1], updated_at=now, ends_at=ends_at
        )

    def _ends(self, now: datetime) -> datetime:
        return now + timedelta(hours=self._rules.draft_hours)

    def _seal(
        self,
        connection: Connection,
        draft: RoomDraft,
        content: RoomContent,
        answers: Answers,
        shown: Shown,
        now: datetime,
        end_reason: str = "",
    ) -> None:
        if not rooms.end_draft(connection, draft):
            raise RoomConflict("changed")
        record = build(
            draft,
            content,
            answers,
            self.verdict(content, answers, shown),
            shown.limits,
            employer_id=shown.worker["employer_id"],
            books={name: one.version for name, one in shown.books.items()},
            software_version=SOFTWARE_VERSION,
            now=now,
            end_reason=end_reason,
        )
        seq, before = chain_heads.heads(connection, [draft.room_id])[draft.room_id]
        payload = record.model_dump(mode="json", by_alias=True)
        envelope, sealed = self._outgoing.seal_record(
            draft.room_id, EXAM_SCHEMA, payload, seq=seq + 1, prev_hash=before
        )
        rooms.know_key(connection, draft.room_id, self._outgoing.public_key, now=now)
        address = TerminalAddress(draft.org, draft.room_id)
        made = Accepted(address, Up.EXAM, envelope, record, sealed.wire, sealed.sha256)
        commit(connection, [made], {}, now)


def offered(book: Version, now: datetime) -> list[BookItem]:
    """The items of a book that a page may offer today."""
    return [item for item in book.items if is_offered(item, day_of(now))]


def _with_typed(content: RoomContent, typed: Mapping[str, list[str]]) -> RoomContent:
    fields = dict(typed)
    if fields.get("exam_type", [""])[-1] not in exam_types():
        fields["exam_type"] = content.typed.get("exam_type", [""])
    return content.model_copy(update={"typed": fields})


def _typed_of(record: ExamRecord) -> dict[str, list[str]]:
    """The fields of the page as an exam was recorded with them. Whom it is about is to be made sure of anew."""
    typed: dict[str, list[str]] = {"exam_type": [record.exam_type]}
    if record.complaints is not None:
        typed["feels"] = ["well" if record.complaints.feels_well else "unwell"]
        typed["complaint"] = list(record.complaints.codes)
        typed["complaint_text"] = [record.complaints.text]
    if record.room is None:
        return typed
    typed |= {f"seen_{one.field}": [one.code] for one in record.room.seen}
    if (test := record.room.drug_test) is not None:
        typed |= {"drug_kind": [test.kind], "drug_result": [test.result], "drug_substances": [test.substances]}
        until = test.valid_until.isoformat() if test.valid_until else ""
        typed |= {"drug_kit": [test.kit], "drug_lot": [test.lot], "drug_valid_until": [until]}
    return typed
