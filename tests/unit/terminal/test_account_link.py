"""The link to the own records beside a decision: only when the centre offers it, for its minutes, and signed by this terminal."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

from sync.contract.account_link import parse_token, signed_bytes
from terminal.account_link import account_link
from terminal.core import Core
from terminal.exam.model import Phase
from tests.ui.kiosk import made_up
from tests.unit.terminal.kiosk import MakeKiosk

ADDRESS = "https://centre.clinic.example/me/join"


def test_it_is_shown_for_its_minutes_alone(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        until = made_up.STARTED + timedelta(minutes=10)
        decided = made_up.decided("admitted", account_address=ADDRESS, account_until=until)
        exam = made_up.measured(Phase.DECIDED, decision=decided)

        def shown(after_s: float, state: object = exam, *, trusted: bool = True) -> str:
            now = made_up.stamp(after_s).model_copy(update={"trusted": trusted})
            core = SimpleNamespace(store=kiosk.store, clock=SimpleNamespace(now=lambda: now))
            return account_link(cast(Core, core), state)  # type: ignore[arg-type]

        link = shown(60)
        address, _, token = link.partition("#")
        assert address == ADDRESS
        parsed = parse_token(token)
        assert parsed is not None
        assert parsed[0] == exam.exam_id
        kiosk.store.public_key.verify(parsed[1], signed_bytes(exam.exam_id))
        assert shown(90) == link, "the same after a restart"
        assert shown(601) == ""
        came = replace(exam, phase_since=made_up.stamp(46))
        assert shown(60, came, trusted=False) == link, "by the monotonic clock, since the decision came"
        assert shown(46 + 600, came, trusted=False) == ""
        assert shown(60, replace(exam, phase_since=None), trusted=False) == "", "nobody knows since when"
        assert shown(60, made_up.measured(Phase.DECIDED, decision=made_up.decided("admitted"))) == "", "not offered"
        assert shown(60, replace(exam, phase=Phase.ENDED)) == ""
        assert shown(60, None) == ""


def test_other_texts_are_no_tokens() -> None:
    for text in (
        "",
        "x",
        "0193b1c4-0000-7000-8000-000000000001",
        "0193b1c4-0000-7000-8000-000000000001.AAAA",
        "я" * 36 + ".AA",
    ):
        assert parse_token(text) is None
