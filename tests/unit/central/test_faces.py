"""Consents and reference faces at the centre, on both stores: what is sent to whom, and what the terminals answer."""

import base64
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from central.core.clock import now_utc
from central.core.media_files import MediaFiles
from central.core.parties import Worker
from central.exchange.face_photos import LOOK_AT, FacePhotos
from central.exchange.intake import Arrival, Intake
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected
from central.link.outgoing import Outgoing
from central.people.consents import ConsentRefused, Consents
from central.people.registry import Registry
from central.store import anomalies, faces, outgoing, terminals
from central.store import consents as consent_store
from central.store.engine import reading, writing
from central.store.faces import MOST_PARTS_IN_FLIGHT
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.canonical import new_id
from sync.contract.envelope import open_sealed
from sync.contract.face import FACE_SCHEMA, PHOTO_SCHEMA, FaceNote, FaceReport, PhotoPart
from sync.contract.media import CHUNK_BYTES
from sync.contract.receipt import ACK_SCHEMA, AckBatch
from sync.contract.roster import Roster
from sync.contract.topics import Up
from tests.central_store import CENTRE_KEY, ORG, spread_anew

Enrol = Callable[[str], TerminalIdentity]
PHOTO = b"\xff\xd8" + bytes(range(256)) * 1200


@pytest.fixture
def consents(engine: Engine, registry: Registry, worker: Worker) -> Consents:
    made = Consents(registry)
    with writing(engine) as connection:
        for kind in ("biometric_comparison", "video"):
            made.add_text(
                connection, ORG, kind, "2026-1", f"Согласие: {kind}", valid_from=date(2026, 1, 1), author="a1"
            )
    return made


def give(engine: Engine, consents: Consents, worker: Worker, kind: str = "biometric_comparison", **changes: Any) -> str:
    fields: dict[str, Any] = {
        "given_on": date(2026, 2, 1),
        "means": "paper",
        "basis": "152-ФЗ ст. 11, папка 3",
        "author": "a1",
    }
    with writing(engine) as connection:
        return consents.give(connection, worker.worker_id, kind, "2026-1", **(fields | changes))


def last_roster(engine: Engine, terminal_id: str) -> Roster:
    spread_anew(engine)
    with reading(engine) as connection:
        rows = outgoing.unacknowledged(connection, terminal_id, 100)
    rosters = [open_sealed(row.wire, CENTRE_KEY.public_key()) for row in rows if row.kind == "roster"]
    return Roster.model_validate(rosters[-1].payload)


def parts(engine: Engine, terminal_id: str) -> list[tuple[str, PhotoPart]]:
    with reading(engine) as connection:
        rows = outgoing.unacknowledged(connection, terminal_id, 100)
    opened = [(row, open_sealed(row.wire, CENTRE_KEY.public_key())) for row in rows if row.kind == "photo"]
    return [(row.message_id, PhotoPart.model_validate(envelope.payload)) for row, envelope in opened]


def tell(intake: Intake, terminal: TerminalIdentity, *notes: FaceNote) -> str:
    report = FaceReport(legal_basis="Приказ № 7", notes=notes)
    _, sealed = terminal.seal(FACE_SCHEMA, report.model_dump(mode="json"))
    (verdict,) = intake.take([Arrival(terminal.address.up(Up.FACE), sealed.wire)])
    return verdict.outcome


def note(worker_id: str, sha256: str, state: str = "wanted", *problems: str) -> FaceNote:
    return FaceNote.model_validate(
        {
            "worker_id": worker_id,
            "photo_sha256": sha256,
            "state": state,
            "engine": "e1",
            "problems": problems,
            "at": datetime.now(UTC),
        }
    )


def states(engine: Engine, worker: Worker) -> list[tuple[str, str]]:
    with reading(engine) as connection:
        return [(row["state"], row["reason"]) for row in faces.of_worker(connection, worker.worker_id)]


def answer(engine: Engine, files: MediaFiles) -> int:
    with writing(engine) as connection:
        return FacePhotos(Outgoing(CENTRE_KEY, "test"), files).answer(connection, now=now_utc())


@pytest.fixture
def photo(engine: Engine, registry: Registry, worker: Worker, files: MediaFiles) -> str:
    sha256 = files.keep(PHOTO)
    with writing(engine) as connection:
        registry.set_photo(connection, ORG, worker.worker_id, sha256)
    return sha256


def test_the_roster_says_what_is_in_force_and_no_longer_after_a_withdrawal(
    engine: Engine, consents: Consents, enrolled: Enrol, worker: Worker
) -> None:
    enrolled("kiosk-1")
    consent_id = give(engine, consents, worker)
    give(engine, consents, worker, "video")
    [one] = last_roster(engine, "kiosk-1").workers
    assert one.biometric_consent
    assert [(c.kind, c.text_version) for c in one.consents] == [
        ("biometric_comparison", "2026-1"),
        ("video", "2026-1"),
    ]
    with writing(engine) as connection:
        consents.withdraw(
            connection, consent_id, withdrawn_on=date(2026, 3, 1), means="paper", basis="заявление", author="a2"
        )
    [one] = last_roster(engine, "kiosk-1").workers
    assert not one.biometric_consent
    assert [c.kind for c in one.consents] == ["video"]
    with reading(engine) as connection:
        records = {r.kind: r for r in consent_store.of_worker(connection, worker.worker_id)}
    withdrawn = records["biometric_comparison"]
    assert (withdrawn.given_on, withdrawn.withdrawn_on) == (date(2026, 2, 1), date(2026, 3, 1))
    assert (withdrawn.author, withdrawn.withdrawal_author) == ("a1", "a2")
    assert records["video"].in_force


def test_a_form_that_cannot_be_true_is_refused_at_its_field(engine: Engine, consents: Consents, worker: Worker) -> None:
    to_come = now_utc().date() + timedelta(days=2)
    cases: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({"given_on": to_come}, {"given_on": "future"}),
        ({"given_on": date(2025, 12, 31)}, {"given_on": "before_text"}),
        ({"means": "rumour", "basis": "  "}, {"means": "choose", "basis": "needed"}),
        ({"kind": "blood"}, {"kind": "choose"}),
        ({"kind": "health_data"}, {"version": "unknown"}),
    ]
    for changes, faults in cases:
        with pytest.raises(ConsentRefused) as caught:
            give(engine, consents, worker, **changes)
        assert caught.value.faults == faults
    consent_id = give(engine, consents, worker)
    with pytest.raises(ConsentRefused) as caught:
        give(engine, consents, worker)
    assert caught.value.faults == {"version": "in_force"}
    for day, faults in (
        (date(2026, 1, 31), {"withdrawn_on": "before_consent"}),
        (to_come, {"withdrawn_on": "future"}),
    ):
        with pytest.raises(ConsentRefused) as caught, writing(engine) as connection:
            consents.withdraw(connection, consent_id, withdrawn_on=day, means="paper", basis="з", author="a")
        assert caught.value.faults == faults
    with pytest.raises(ConsentRefused) as caught, writing(engine) as connection:
        consents.add_text(connection, ORG, "video", "2026-1", "другой", valid_from=to_come, author="a")
    assert caught.value.faults == {"version": "taken"}


def test_a_photo_goes_in_parts_to_who_asked_and_is_emptied_once_taken(
    engine: Engine,
    consents: Consents,
    intake: Intake,
    files: MediaFiles,
    enrolled: Enrol,
    worker: Worker,
    photo: str,
) -> None:
    terminal, other = enrolled("kiosk-1"), enrolled("kiosk-2")
    give(engine, consents, worker)
    assert answer(engine, files) == 0
    assert tell(intake, terminal, note(worker.worker_id, photo)) == "accepted"
    assert answer(engine, files) == 1
    sent = parts(engine, "kiosk-1")
    assert [part.index for _, part in sent] == list(range(-(-len(PHOTO) // CHUNK_BYTES)))
    assert b"".join(base64.b64decode(part.content_base64) for _, part in sent) == PHOTO
    assert parts(engine, other.address.terminal) == []
    assert states(engine, worker) == [("sent", "")]
    ack = AckBatch(message_ids=tuple(message_id for message_id, _ in sent))
    _, sealed = terminal.seal(ACK_SCHEMA, ack.model_dump(mode="json"))
    intake.take([Arrival(terminal.address.up(Up.ACK), sealed.wire)])
    tell(intake, terminal, note(worker.worker_id, photo, "taken"))
    assert states(engine, worker) == [("taken", "")]
    with reading(engine) as connection:
        rows = [row for row in outgoing.in_chain_order(connection) if row.kind == "photo"]
        assert [row.wire for row in rows] == [b""] * len(rows)
    assert verify_store(engine, Expected(CENTRE_KEY.public_key(), None, files)).faults == []


def test_without_consent_or_for_another_photo_nothing_is_sent_and_the_reason_is_kept(
    engine: Engine,
    consents: Consents,
    intake: Intake,
    files: MediaFiles,
    enrolled: Enrol,
    worker: Worker,
    photo: str,
) -> None:
    terminal = enrolled("kiosk-1")
    give(engine, consents, worker, "video")
    tell(intake, terminal, note(worker.worker_id, photo))
    assert answer(engine, files) == 1
    assert states(engine, worker) == [("not_sent", "no_consent")]
    give(engine, consents, worker)
    assert states(engine, worker) == [("wanted", "")]
    tell(intake, terminal, note(worker.worker_id, "0" * 64))
    answer(engine, files)
    assert states(engine, worker) == [("not_sent", "other_photo")]
    files.path(photo).unlink()
    tell(intake, terminal, note(worker.worker_id, photo))
    answer(engine, files)
    assert states(engine, worker) == [("not_sent", "no_file")]
    assert parts(engine, "kiosk-1") == []


def test_a_terminal_gets_no_more_at_once_than_it_acknowledges(
    engine: Engine,
    registry: Registry,
    consents: Consents,
    intake: Intake,
    files: MediaFiles,
    enrolled: Enrol,
    worker: Worker,
    photo: str,
) -> None:
    crowd = [
        Worker(ORG, worker.employer_id, str(2000 + n), f"Имя {n}", "водитель", photo_sha256=photo) for n in range(6)
    ]
    with writing(engine) as connection:
        registry.save_workers(connection, crowd)
    terminal = enrolled("kiosk-1")
    for one in crowd:
        give(engine, consents, one)
    tell(intake, terminal, *[note(one.worker_id, photo) for one in crowd])
    answered = answer(engine, files)
    each = -(-len(PHOTO) // CHUNK_BYTES)
    assert answered == -(-MOST_PARTS_IN_FLIGHT // each)
    assert answer(engine, files) == 0
    ack = AckBatch(message_ids=tuple(message_id for message_id, _ in parts(engine, "kiosk-1")))
    _, sealed = terminal.seal(ACK_SCHEMA, ack.model_dump(mode="json"))
    intake.take([Arrival(terminal.address.up(Up.ACK), sealed.wire)])
    assert answer(engine, files) == len(crowd) - answered


def test_terminals_that_take_nothing_delay_nobody(
    engine: Engine,
    registry: Registry,
    consents: Consents,
    intake: Intake,
    files: MediaFiles,
    enrolled: Enrol,
    worker: Worker,
    photo: str,
) -> None:
    """One full and away with many more requests than are looked at in one round, one revoked, one that works."""
    crowd = [Worker(ORG, worker.employer_id, str(2000 + n), f"Имя {n}", "водитель") for n in range(LOOK_AT + 20)]
    with writing(engine) as connection:
        registry.save_workers(connection, crowd)
    away, gone, honest = enrolled("kiosk-1"), enrolled("kiosk-2"), enrolled("kiosk-3")
    give(engine, consents, worker)
    tell(intake, gone, note(worker.worker_id, photo))
    with writing(engine) as connection:
        terminals.set_state(connection, "kiosk-2", "revoked")
        for number in range(MOST_PARTS_IN_FLIGHT):
            Outgoing(CENTRE_KEY, "test").queue(connection, "kiosk-1", "photo", PHOTO_SCHEMA, {"part": number})
    for start in range(0, len(crowd), 100):
        tell(intake, away, *[note(one.worker_id, photo) for one in crowd[start : start + 100]])
    with reading(engine) as connection:
        assert not faces.is_any_wanted(connection)  # so the dispatcher takes no lock for them
    for _ in range(5):  # its chain has come further than theirs
        tell(intake, honest, note(worker.worker_id, photo, "deleted"))
    tell(intake, honest, note(worker.worker_id, photo))
    with reading(engine) as connection:
        assert faces.is_any_wanted(connection)
    assert answer(engine, files) == 1
    assert parts(engine, "kiosk-3") != []
    with reading(engine) as connection:
        assert not faces.is_any_wanted(connection)


def test_an_older_report_changes_nothing_and_a_strangers_worker_is_noted(
    engine: Engine, consents: Consents, intake: Intake, enrolled: Enrol, worker: Worker, photo: str
) -> None:
    terminal = enrolled("kiosk-1")
    stale = FaceReport(legal_basis="б", notes=(note(worker.worker_id, photo, "refused", "blurred"),))
    _, late = terminal.seal(FACE_SCHEMA, stale.model_dump(mode="json"))
    tell(intake, terminal, note(worker.worker_id, photo, "taken"))
    intake.take([Arrival(terminal.address.up(Up.FACE), late.wire)])
    assert states(engine, worker) == [("taken", "")]
    tell(intake, terminal, note(new_id(), photo), note(worker.worker_id, photo, "refused", "blurred", "dark"))
    with reading(engine) as connection:
        (row,) = faces.of_worker(connection, worker.worker_id)
        assert (row["state"], row["problems"]) == ("refused", ["blurred", "dark"])
        kinds = [entry["kind"] for entry in anomalies.newest(connection, 10)]
    assert "foreign_worker" in kinds
