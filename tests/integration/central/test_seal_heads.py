"""What the centre tells of its seals outside of its own disk holds it to them: receipts at terminals, signed journals."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from central.core.clock import now_utc
from central.link.outgoing import load_signing_key
from central.store import audit, seals
from central.store.engine import reading, writing
from central.store.sealing import Sealer
from central.store.seals import Head
from dopusk.commands.central_keeping import verify_centre
from tests.broker import TestCentre
from tests.central_store import take_guards_out


def _seal(centre: TestCentre, key: Ed25519PrivateKey) -> Head:
    with writing(centre.engine) as connection:
        audit.write(connection, at=now_utc(), account_id=None, address="::1", action="exam.read", subject="x")
    Sealer(centre.engine, key).run()
    with reading(centre.engine) as connection:
        head = seals.noted_head(connection)
    assert head is not None
    return head


def test_a_receipt_names_the_newest_seal_and_the_end_that_is_cut_off_is_found(
    centre: TestCentre, make_exam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(centre.ingests[0][0]._seal_head, "_every_s", 0.0)
    key = load_signing_key(centre.config.keys.centre_signing_key_file)
    _seal(centre, key)
    head = _seal(centre, key)
    terminal = centre.terminal("kiosk-1")
    message_id, _ = terminal.send_exam(make_exam())
    assert terminal.wait_for_receipts([message_id])
    assert terminal.seal_head is not None
    assert Head(terminal.seal_head.seal_no, terminal.seal_head.sha256) == head

    config = centre.folder / "central.toml"
    assert verify_centre(config, (head,)).faults == []
    assert verify_centre(config, (Head(head.seal_no, head.sha256[:16]),)).faults == []
    assert verify_centre(config).seal_head == head
    take_guards_out(centre.engine)
    with writing(centre.engine) as connection:
        # As somebody does who knows everything but holds no key: the newest seals go, with the rows and the note of them.
        connection.execute(text("DELETE FROM audit"))
        connection.execute(text("DELETE FROM seal WHERE kind = 'audit'"))
        left = max(row[0] for row in connection.execute(text("SELECT seal_no FROM seal")))
        connection.execute(text("DELETE FROM seal_head"))
        connection.execute(text("DELETE FROM seal WHERE seal_no > :left"), {"left": left})
        last = next(one for one in reversed(list(seals.every(connection))) if one.seal_no == left)
        connection.execute(text("INSERT INTO seal_head VALUES (1, :no, :sha256)"), {"no": left, "sha256": last.sha256})
    [fault] = [fault for fault in verify_centre(config, (head,)).faults if "receipt" in fault.what]
    assert (fault.kind, fault.place) == ("missing", f"seal {head.seal_no}")


def test_a_history_that_was_sealed_anew_is_found_by_who_holds_the_old_head(centre: TestCentre) -> None:
    key = load_signing_key(centre.config.keys.centre_signing_key_file)
    head = _seal(centre, key)
    take_guards_out(centre.engine)
    with writing(centre.engine) as connection:
        connection.execute(text("UPDATE audit SET subject = 'y'"))
        connection.execute(text("DELETE FROM seal"))
        connection.execute(text("DELETE FROM seal_head"))
    Sealer(centre.engine, key).run()  # by whoever holds the centre's own key
    config = centre.folder / "central.toml"
    assert verify_centre(config).faults == []
    assert any(fault.place == f"seal {head.seal_no}" for fault in verify_centre(config, (head,)).faults)


def test_the_seals_go_on_behind_those_that_were_taken_away(centre: TestCentre) -> None:
    """Who deletes the seals of a running centre gets no new chain: the gap stays."""
    key = load_signing_key(centre.config.keys.centre_signing_key_file)
    head = _seal(centre, key)
    take_guards_out(centre.engine)
    with writing(centre.engine) as connection:
        connection.execute(text("DELETE FROM seal"))
    assert _seal(centre, key).seal_no > head.seal_no
    faults = verify_centre(centre.folder / "central.toml").faults
    assert ("missing", f"seals 1 to {head.seal_no}") in [(fault.kind, fault.place) for fault in faults]
