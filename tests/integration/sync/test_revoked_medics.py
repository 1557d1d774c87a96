"""A medic whose certificate was revoked at the centre decides nothing at a terminal any more, whoever sends the decision."""

from central.core.trust import Trust
from central.exchange.revocations import Revocations
from central.link.outgoing import Outgoing, load_signing_key
from central.store import refusals
from central.store.engine import reading, writing
from sync.contract.canonical import new_id
from sync.contract.decision import DECISION_SCHEMA
from terminal.decision_check import load_anchor
from terminal.incoming import IncomingMessages
from tests.integration.sync.conftest import SyncedTerminal
from tests.integration.sync.test_refusals import Kiosk, TrustedClock
from tests.unit.terminal.kiosk import faceless
from tests.unit.terminal.test_decision_check import Desk
from tests.waiting import until


def test_a_revoked_medic_is_refused_and_another_is_not(terminal: SyncedTerminal) -> None:
    centre = terminal.centre
    pen = Outgoing.from_config(centre.config)
    gone, here = (centre.authority.issue_medic(name, new_id(), "Медпункт") for name in ("Луговая Зоя", "Бережной Фома"))
    desk = Desk(centre.authority, here)

    def taken(_event: object, done: object) -> None:
        with terminal.store.transaction():
            done()  # type: ignore[operator]

    incoming = IncomingMessages(
        terminal.store,
        TrustedClock(),
        load_signing_key(centre.config.keys.centre_signing_key_file).public_key(),
        load_anchor(centre.config.keys.authority_dir / "ca.pem"),
        taken,
        faces=faceless(terminal.store, TrustedClock()),
    )
    terminal.start()
    assert until(lambda: terminal.is_connected)
    kiosk = Kiosk(terminal, incoming)

    def send(issued: object) -> tuple[str, str | None]:
        message = desk.message(issued)  # type: ignore[arg-type]
        with writing(centre.engine) as connection:
            payload = message.model_dump(mode="json")
            message_id = pen.queue(connection, "kiosk-1", "decision", DECISION_SCHEMA, payload)
        centre.dispatcher.wake()
        return kiosk.until_answered(message_id)

    assert send(gone) == ("acked", None)
    with Revocations(centre.engine, pen, Trust(centre.config.keys.authority_dir), every_s=0.05):
        centre.authority.revoke(gone.serial)

        def told() -> bool:
            kiosk.incoming.apply_new()
            return terminal.store.reference.latest("revoked_certificates") is not None

        assert until(told)
    assert send(gone) == ("refused", "untrusted_decision")
    assert send(here) == ("acked", None)
    with reading(centre.engine) as connection:
        assert len(refusals.wires_of(connection, "kiosk-1", "reference")) == 1
