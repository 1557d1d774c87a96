"""The way up and the way down, over a real broker."""

from sqlalchemy import func, select

from central.link.outgoing import Outgoing
from central.store import exams, messages
from central.store.engine import reading, writing
from central.store.exams import exam
from central.store.messages import message
from central.store.outgoing import centre_outbox
from central.store.terminals import get_terminal
from tests.broker import TestCentre
from tests.waiting import until


def test_an_exam_is_committed_and_receipted(centre: TestCentre, make_exam) -> None:
    terminal = centre.terminal("kiosk-1", acknowledges=False)
    message_id, sealed = terminal.send_exam(make_exam())
    assert terminal.wait_for_receipts([message_id])
    assert terminal.receipts[message_id].outcome == "accepted"
    with reading(centre.engine) as connection:
        assert messages.stored(connection, [message_id])[message_id].sha256 == sealed.sha256
        assert connection.execute(select(message.c.wire)).scalar_one() == sealed.wire
        row = connection.execute(select(exam)).mappings().one()
        assert (row["state"], row["message_id"]) == ("waiting", message_id)
        current = exams.current(connection, row["exam_id"])
        head = get_terminal(connection, "kiosk-1")
    assert current is not None
    assert current.payload["measurements"] == row["payload"]["measurements"]
    assert head is not None
    assert (head["head_seq"], head["head_hash"]) == (1, sealed.sha256)


def test_the_same_message_again_gets_the_same_receipt(centre: TestCentre, make_exam) -> None:
    terminal = centre.terminal("kiosk-1", acknowledges=False)
    message_id, sealed = terminal.send_exam(make_exam())
    assert terminal.wait_for_receipts([message_id])
    first = terminal.receipts.pop(message_id)
    terminal.publish("exam", sealed.wire)
    assert terminal.wait_for_receipts([message_id])
    again = terminal.receipts[message_id]
    assert (again.outcome, again.committed_at) == ("duplicate", first.committed_at)
    with reading(centre.engine) as connection:
        assert connection.execute(select(func.count()).select_from(message)).scalar_one() == 1


def test_what_is_queued_reaches_the_terminal_and_its_ack_closes_it(centre: TestCentre) -> None:
    terminal = centre.terminal("kiosk-1")
    outgoing = Outgoing.from_config(centre.config)
    with writing(centre.engine) as connection:
        message_id = outgoing.queue(connection, "kiosk-1", "reference", "dopusk.reference/1", {"name": "hello"})
    centre.dispatcher.wake()
    assert terminal.wait_for(lambda t: message_id in {envelope.message_id for _, envelope in t.received})
    assert _acked(centre, message_id)


def test_a_terminal_that_was_away_gets_everything_when_it_comes_online(centre: TestCentre) -> None:
    centre.identity("kiosk-2")
    outgoing = Outgoing.from_config(centre.config)
    with writing(centre.engine) as connection:
        message_id = outgoing.queue(connection, "kiosk-2", "reference", "dopusk.reference/1", {"name": "hello"})
    centre.dispatcher.wake()
    assert _state(centre, message_id, "sent")
    terminal = centre.terminal("kiosk-2")
    terminal.say(b'{"state":"online","devices":[]}')
    assert terminal.wait_for(lambda t: message_id in {envelope.message_id for _, envelope in t.received})
    kinds = [envelope.seq for _, envelope in terminal.received]
    assert kinds == sorted(kinds)


def _acked(centre: TestCentre, message_id: str) -> bool:
    return _state(centre, message_id, "acked")


def _state(centre: TestCentre, message_id: str, state: str) -> bool:
    def look() -> bool:
        with reading(centre.engine) as connection:
            query = select(centre_outbox.c.state).where(centre_outbox.c.message_id == message_id)
            return bool(connection.execute(query).scalar_one() == state)

    return until(look)
