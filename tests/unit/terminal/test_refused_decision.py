"""A decision whose signature does not stand the check: the worker is told to see the medic, and does not wait for nothing."""

from contextlib import closing

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_ui.texts import texts_of
from kiosk_ui.view.ending import waiting
from sync.contract.canonical import GENESIS_HASH, new_id
from sync.contract.decision import DECISION_SCHEMA, DecisionMessage
from sync.contract.envelope import ClockStamp, Envelope, seal
from sync.contract.topics import Down
from sync.inbox import Inbox
from terminal.clock import SystemClock
from terminal.exam.decide import fold
from terminal.mailbox import InboxNews
from terminal.store.database import KeyFile, connect
from tests.unit.terminal.kiosk import Kiosk, MakeKiosk


def receive(kiosk: Kiosk, centre: Ed25519PrivateKey, exam_id: str) -> None:
    """A decision comes that the centre has sealed and no medic has signed."""
    decision = DecisionMessage(exam_id=exam_id, decision_id=new_id(), record_json="{}", cms_base64="AAAA")
    envelope = Envelope(
        message_id=new_id(),
        schema=DECISION_SCHEMA,
        terminal_id=kiosk.config.identity.terminal_id,
        seq=1,
        prev_hash=GENESIS_HASH,
        created_at=SystemClock().now().at,
        clock=ClockStamp(trusted=True, boot_id="c", monotonic_s=1.0),
        generation="test",
        payload=decision.model_dump(mode="json"),
    )
    files = kiosk.config.files
    with closing(connect(files.store, KeyFile(files.master_key).master_key())) as db:
        Inbox(db).store(envelope.message_id, Down.DECISION, seal(envelope, centre).wire)
    kiosk.mailbox.post(InboxNews())


def test_the_worker_is_told_to_see_the_medic(make_kiosk: MakeKiosk) -> None:
    centre = Ed25519PrivateKey.generate()
    with make_kiosk(centre_key=centre) as kiosk:
        exam = kiosk.up_to("waiting")
        receive(kiosk, centre, exam.exam_id)
        shown = kiosk.until(lambda s: s.exam is not None and s.exam.decision_refused)
        page = waiting(shown, texts_of("ru"))
        assert page.title == "Решение не подтверждено"
        assert "проверить его не удалось" in page.text
        assert "Подойдите к медработнику" in page.text
        assert fold(kiosk.store.log.events_of(exam.exam_id)) == shown.exam


def test_of_another_exam_nothing_is_said(make_kiosk: MakeKiosk) -> None:
    centre = Ed25519PrivateKey.generate()
    with make_kiosk(centre_key=centre) as kiosk:
        kiosk.up_to("complaints")
        receive(kiosk, centre, new_id())
        assert not kiosk.until_exam(lambda e: e.phase == "complaints").decision_refused
