"""A measurement that a medic has prepared: nothing starts before a touch, the answer is queued before it is shown."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.contract.canonical import new_id
from sync.contract.envelope import ClockStamp, Envelope, seal
from sync.contract.exam import Measurement
from sync.contract.order import ORDER_SCHEMA, MeasuredReport
from sync.contract.topics import Down, Up
from terminal import intents
from terminal.clock import SystemClock
from terminal.exam.model import Stamp
from terminal.mailbox import InboxNews
from terminal.touched import Touched, shown_of
from tests.unit.terminal.kiosk import Kiosk, MakeKiosk
from tests.unit.terminal.test_thread_faults import _database, _inbox
from tests.waiting import until


def _order(kiosk: Kiosk, key: Ed25519PrivateKey, **changes: Any) -> str:
    """Let an order of the centre arrive; returns its id."""
    moment = kiosk.until(lambda s: True).now
    age = changes.pop("age", timedelta(0))
    payload = {"order_id": new_id(), "step": "pressure", "attempt": 2, "valid_s": 300.0, "cancelled": False} | changes
    envelope = Envelope(
        message_id=new_id(),
        schema=ORDER_SCHEMA,
        terminal_id="kiosk-01",
        seq=1,
        prev_hash="0" * 64,
        created_at=moment.at - age,
        clock=ClockStamp(trusted=True, boot_id="centre", monotonic_s=1.0),
        generation="test",
        payload=payload,
    )
    _inbox(kiosk).store(envelope.message_id, Down.ORDER, seal(envelope, key).wire)
    kiosk.mailbox.post(InboxNews())
    return str(payload["order_id"])


def _answers(kiosk: Kiosk) -> list[MeasuredReport]:
    query = "SELECT wire FROM outbox WHERE kind = ? ORDER BY seq"
    rows = _database(kiosk).execute(query, (str(Up.MEASURED),)).fetchall()
    return [MeasuredReport.model_validate(json.loads(row[0])["payload"]) for row in rows]


class RightClock(SystemClock):
    """A clock that calls itself right."""

    def now(self) -> Stamp:
        return super().now().model_copy(update={"trusted": True})


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_the_cuff_starts_after_a_touch_alone_and_the_answer_is_signed_and_queued(
    make_kiosk: MakeKiosk, key: Ed25519PrivateKey
) -> None:
    with make_kiosk(centre_key=key) as kiosk:
        kiosk.until_idle()
        order_id = _order(kiosk, key)
        shown = kiosk.until(lambda s: s.is_ordered)
        assert shown.exam is not None
        assert (shown.exam.phase, shown.exam.activity, shown.worker) == ("pressure", "ready", None)
        kiosk.want(intents.Touch(), intents.Begin())
        # Whoever was there before has touched "start" as the order came.
        before = shown_of(replace(shown.exam, exam_id="an exam that is over"), awaiting_resume=False)
        kiosk.mailbox.post(Touched(intents.StartMeasuring(), before))
        kiosk.want(intents.CallMedic())
        kiosk.until(lambda s: s.help_called)
        assert kiosk.park.asked == [], "neither the order nor any other touch starts the cuff"
        kiosk.want(intents.StartMeasuring())
        kiosk.measure()
        kiosk.until_exam(lambda exam: exam.activity == "result")
        (answer,) = _answers(kiosk)
        assert (answer.order_id, answer.outcome) == (order_id, "measured")
        assert isinstance(answer.measurement, Measurement)
        assert (answer.measurement.step, answer.measurement.attempt) == ("pressure", 2)
        kiosk.want(intents.Next())
        kiosk.until_idle()
        assert _database(kiosk).execute("SELECT count(*) FROM diary").fetchone()[0] == 0, "it is part of no exam"


@pytest.mark.parametrize(
    ("order", "then", "outcome"),
    [
        ({"valid_s": 0.05}, None, "over"),
        ({"age": timedelta(minutes=10)}, None, "over"),
        ({}, intents.Leave(), "declined"),
        ({"step": "temperature"}, intents.Next(), "declined"),
    ],
)
def test_who_has_left_is_not_measured(
    make_kiosk: MakeKiosk, key: Ed25519PrivateKey, order: dict[str, Any], then: intents.Intent | None, outcome: str
) -> None:
    with make_kiosk(centre_key=key, clock=RightClock()) as kiosk:
        kiosk.until_idle()
        order_id = _order(kiosk, key, **order)
        if then is not None:
            kiosk.until(lambda s: s.is_ordered)
            kiosk.want(then)
        assert until(lambda: [(one.order_id, one.outcome) for one in _answers(kiosk)] == [(order_id, outcome)])
        kiosk.until_idle()
        assert kiosk.park.asked == []


def test_an_order_is_called_off_even_while_the_cuff_is_filling(make_kiosk: MakeKiosk, key: Ed25519PrivateKey) -> None:
    with make_kiosk(centre_key=key) as kiosk:
        kiosk.until_idle()
        order_id = _order(kiosk, key)
        kiosk.until(lambda s: s.is_ordered)
        kiosk.want(intents.StartMeasuring())
        kiosk.until_exam(lambda exam: exam.activity == "measuring")
        _order(kiosk, key, order_id=order_id, cancelled=True)
        kiosk.until_idle()
        assert [one.outcome for one in _answers(kiosk)] == ["cancelled"]


def test_an_exam_on_the_screen_comes_first(make_kiosk: MakeKiosk, key: Ed25519PrivateKey) -> None:
    with make_kiosk(centre_key=key) as kiosk:
        kiosk.up_to("complaints")
        _order(kiosk, key)
        assert until(lambda: [one.outcome for one in _answers(kiosk)] == ["busy"])
        assert not kiosk.until(lambda s: True).is_ordered
