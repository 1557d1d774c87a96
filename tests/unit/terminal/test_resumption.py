"""After a power cut the worker is offered his exam, also when it is a repeat that the medic ordered."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.contract.canonical import new_id
from sync.contract.topics import TerminalAddress
from terminal import intents
from terminal.clock import SystemClock
from terminal.exam import events
from terminal.exam.model import Phase
from terminal.open_exams import OpenExams
from terminal.store.database import KeyFile
from terminal.store.store import TerminalStore
from tests.unit.terminal.kiosk import Kiosk, MakeKiosk
from tests.unit.terminal.test_service import records


def repeat_ordered(kiosk: Kiosk, signing_key: Ed25519PrivateKey, exam_id: str, *, started: bool) -> None:
    """On the disk of a terminal that is off: the medic's order, and the cuff that had begun."""
    config = kiosk.config
    address = TerminalAddress(config.identity.org, config.identity.terminal_id)
    keys = KeyFile(config.files.master_key)
    store = TerminalStore(config.files.store, config.files.media, keys, signing_key, address, "test")
    exams, clock = OpenExams(store, config.identity.org, lambda _: 0.0), SystemClock()
    exams.recover()
    order = events.DecisionReceived(
        exam_id=exam_id,
        stamp=clock.now(),
        decision_id=new_id(),
        outcome="repeat",
        repeat_step="pressure",
        medic_name="Зоя Луговая",
        decided_at=datetime.now(UTC) - timedelta(seconds=5),
    )
    state, _ = exams.happen(order)
    if started:
        exams.happen(
            events.MeasurementStarted(
                exam_id=exam_id,
                stamp=clock.now(),
                step="pressure",
                attempt=state.attempt + 1,
                request_id=new_id(),
                device_id="tonometer",
            )
        )
    store.close()


@pytest.mark.parametrize("started", [True, False])
def test_a_repeat_that_a_power_cut_stopped_is_offered_and_goes_on(make_kiosk: MakeKiosk, started: bool) -> None:
    key = Ed25519PrivateKey.generate()
    with make_kiosk(signing_key=key) as kiosk:
        exam = kiosk.up_to("waiting")
    repeat_ordered(kiosk, key, exam.exam_id, started=started)
    with make_kiosk(signing_key=key) as kiosk:
        offered = kiosk.until(lambda s: s.exam is not None)
        assert offered.awaiting_resume
        assert offered.exam is not None
        assert (offered.exam.exam_id, offered.exam.phase) == (exam.exam_id, Phase.PRESSURE)
        kiosk.want(intents.ResumeExam())
        kiosk.until(lambda s: s.exam is not None and not s.awaiting_resume)
        kiosk.want(intents.StartMeasuring())
        kiosk.measure()
        kiosk.until_phase("review")
        kiosk.want(intents.Next())
        kiosk.until_phase("waiting")
        assert [record.revision for record in records(kiosk)] == [1, 2]


def test_a_repeat_outlasts_an_empty_place_before_the_screen(make_kiosk: MakeKiosk) -> None:
    key = Ed25519PrivateKey.generate()
    with make_kiosk(signing_key=key) as kiosk:
        exam = kiosk.up_to("waiting")
    repeat_ordered(kiosk, key, exam.exam_id, started=False)
    with make_kiosk(signing_key=key, timeouts={"resume_s": 0.2}) as kiosk:
        kiosk.until(lambda s: s.awaiting_resume)
        kiosk.until_idle()
        kiosk.want(intents.Begin(), intents.SubmitNumber("1001"))
        assert kiosk.until_phase("pressure").exam_id == exam.exam_id
