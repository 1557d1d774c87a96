"""Seals over what the centre itself wrote: nothing old is left out, nothing is sealed twice, changes are named."""

import os
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, delete, insert, update

from central.core.clock import now_utc
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected, StoreReport
from central.store import audit, sealing, seals
from central.store.engine import reading, writing
from central.store.sealing import Sealer
from sync.contract.canonical import new_id

KEY = Ed25519PrivateKey.generate()


def _log(engine: Engine, count: int, subject: str = "exam") -> None:
    with writing(engine) as connection:
        for _ in range(count):
            audit.write(connection, at=now_utc(), account_id=None, address="::1", action="exam.read", subject=subject)


def _verify(engine: Engine) -> StoreReport:
    return verify_store(engine, Expected(KEY.public_key(), None, None))


def _seals(engine: Engine) -> list[seals.Seal]:
    with reading(engine) as connection:
        return list(seals.every(connection))


def _old_id(hours: float) -> str:
    """A key as it would have been made so long ago."""
    return seals.first_id_at(now_utc() - timedelta(hours=hours))[:-12] + os.urandom(6).hex()


def test_each_row_is_sealed_once(engine: Engine) -> None:
    sealer = Sealer(engine, KEY)
    _log(engine, 3)
    assert (sealer.run(), sealer.run()) == (3, 0)
    _log(engine, 2)
    assert sealer.run() == 2
    keys = [key for seal in _seals(engine) for key, _ in seal.rows]
    assert len(keys) == len(set(keys)) == 5
    report = _verify(engine)
    assert (report.faults, report.remarks, report.sealed) == ([], [], 5)


def test_an_old_store_is_sealed_from_its_beginning(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A centre that ran for months without seals: rows of every age, many seals in one run."""
    monkeypatch.setattr(sealing, "MOST_ROWS", 4)
    row = {"at": now_utc(), "address": "", "action": "a", "subject": "s", "detail": {}}
    with writing(engine) as connection:
        rows = [row | {"audit_id": _old_id(hours)} for hours in range(30)]
        connection.execute(insert(audit.audit), rows)
    assert Sealer(engine, KEY).run() == 30
    assert _verify(engine).faults == []


def test_a_transaction_that_commits_late_is_not_left_out(engine: Engine) -> None:
    sealer = Sealer(engine, KEY)
    late = _old_id(0.1)
    _log(engine, 2)
    sealer.run()
    row = {"audit_id": late, "at": now_utc(), "address": "", "action": "a", "subject": "s", "detail": {}}
    with writing(engine) as connection:
        connection.execute(insert(audit.audit), [row])
    assert sealer.run() == 1
    assert _verify(engine).faults == []


def test_a_clock_that_had_jumped_ahead_hides_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sealer = Sealer(engine, KEY)
    with monkeypatch.context() as ahead:
        ahead.setattr(sealing, "now_utc", lambda: now_utc() + timedelta(hours=12))
        row = {"audit_id": _old_id(-12), "at": now_utc(), "address": "", "action": "a", "subject": "s", "detail": {}}
        with writing(engine) as connection:
            connection.execute(insert(audit.audit), [row])
        assert sealer.run() == 1
    _log(engine, 2)
    assert sealer.run() == 2
    assert _verify(engine).faults == []


def test_what_is_changed_taken_away_or_added_is_named(engine: Engine) -> None:
    _log(engine, 3)
    Sealer(engine, KEY).run()
    (made,) = _seals(engine)
    key = made.rows[1][0]
    table = audit.audit
    with writing(engine) as connection:
        connection.execute(update(table).where(table.c.audit_id == key).values(address="::2"))
    (fault,) = _verify(engine).faults
    assert (fault.kind, fault.place) == ("changed", f"audit {key}")
    with writing(engine) as connection:
        connection.execute(delete(table).where(table.c.audit_id == key))
    (fault,) = _verify(engine).faults
    assert (fault.kind, fault.place) == ("missing", f"audit {key}")


def test_a_row_smuggled_in_with_an_old_key_is_found(engine: Engine) -> None:
    _log(engine, 3)
    Sealer(engine, KEY).run()
    old = _old_id(24)
    row = {"audit_id": old, "at": now_utc(), "address": "", "action": "a", "subject": "s", "detail": {}}
    with writing(engine) as connection:
        connection.execute(insert(audit.audit), [row])
    (fault,) = _verify(engine).faults
    assert fault.place == f"audit {old}"


def test_a_seal_by_another_key_is_found(engine: Engine) -> None:
    _log(engine, 3)
    Sealer(engine, Ed25519PrivateKey.generate()).run()
    (fault,) = _verify(engine).faults
    assert (fault.kind, fault.place) == ("wrongly_signed", "seal 1")


def test_what_has_no_seal_yet_is_a_remark(engine: Engine) -> None:
    _log(engine, 2)
    report = _verify(engine)
    assert report.faults == []
    assert "audit: 2 rows" in report.remarks[0]
    assert new_id() > seals.first_id_at(now_utc() - timedelta(seconds=1))
