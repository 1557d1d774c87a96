"""The window of messages without a receipt: bounded, patient, and quick when the broker forgets."""

from hypothesis import given
from hypothesis import strategies as st

from sync.contract.topics import Up
from sync.outbox import OutboxRow
from sync.policy import MEDIA_WINDOW, WINDOW, Backoff
from sync.window import Window


def row(seq: int, kind: Up = Up.EXAM) -> OutboxRow:
    return OutboxRow(seq, f"id-{seq}", kind, b"")


def test_room_shrinks_and_grows_with_receipts() -> None:
    window = Window(Backoff())
    for seq in range(WINDOW):
        window.add(row(seq), seq, 0.0, 0, 1.0)
    assert window.room(probing=False)[0] == 0
    window.close([3, 4, 999])
    assert window.room(probing=False)[0] == 2
    assert 3 not in window.seqs


def test_media_have_a_small_part_of_it() -> None:
    window = Window(Backoff())
    window.add(row(1, Up.MEDIA), 1, 0.0, 0, 1.0)
    assert window.room(probing=False) == (WINDOW - 1, MEDIA_WINDOW - 1)


def test_a_message_is_due_again_after_growing_patience() -> None:
    window = Window(Backoff(first_s=10.0, most_s=40.0))
    window.add(row(1), 1, 100.0, 0, 1.0)
    assert window.take_overdue(109.9) == {}
    assert window.take_overdue(110.0) == {1: 1}
    window.add(row(1), 2, 110.0, 1, 1.0)
    assert window.take_overdue(129.9) == {}
    assert window.take_overdue(130.0) == {1: 2}


def test_a_broker_that_forgot_makes_everything_due_without_blame() -> None:
    window = Window(Backoff(first_s=10.0))
    window.add(row(1), 1, 0.0, 5, 1.0)
    window.all_due(1.0)
    assert window.take_overdue(1.0) == {1: 1}


def test_what_reached_nobody_is_due_when_somebody_is_there() -> None:
    window = Window(Backoff(first_s=100.0, most_s=100.0))
    window.add(row(1), 71, 0.0, 0, 1.0)
    window.add(row(2), 72, 0.0, 0, 1.0)
    window.unheard(71, due_s=5.0)
    window.unheard_due(2.0)
    assert window.take_overdue(2.0) == {1: 1}
    assert window.room(probing=True)[0] == 1


@given(failures=st.integers(0, 10_000), uniform=st.floats(0, 1))
def test_patience_is_never_below_half_nor_above_the_most(failures: int, uniform: float) -> None:
    delay_s = Backoff(first_s=0.25, most_s=30.0).delay_s(failures, uniform)
    assert 0.125 <= delay_s <= 30.0
