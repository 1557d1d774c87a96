"""A key at the workplace: one press of the button, two signatures, one after the other."""

import html
import re

from sqlalchemy import select

from central.store.engine import reading
from central.store.waybill_titles import waybill_title
from tests.console_centre import CSRF
from tests.unit.console.test_waybills import shown
from tests.unit.console.test_workplace import (  # noqa: F401
    Asked,
    _ask,
    _cms,
    _is_decided,
    _send,
    enrolled,
    medic,
    senior,
    workplace,
)
from tests.waybill_centre import waybill_centre


def test_one_press_signs_the_decision_and_the_title_at_the_workplace(centre, workplace, app, enrolled):  # noqa: F811
    carrier = waybill_centre(centre)
    app.state.console.config.__dict__["waybills"] = centre.config.waybills
    carrier.drop_waybill()
    carrier.pass_once()
    exam_id = centre.exam()
    first = _ask(enrolled, exam_id, **shown(enrolled, exam_id))
    answer = _send(enrolled, first, _cms(workplace, first))
    assert answer.status_code == 200, answer.text
    assert not _is_decided(centre, exam_id), "nothing is stored before both signatures are there"
    found = {
        name: html.unescape(re.findall(rf'data-{name}="([^"]*)"', answer.text)[0])
        for name in ("request", "content", "nonce")
    }
    second = Asked(exam_id, csrf=CSRF.findall(answer.text)[-1], **found)
    assert _send(enrolled, second, _cms(workplace, second)).status_code == 303
    assert _is_decided(centre, exam_id)
    with reading(centre.engine) as connection:
        assert connection.execute(select(waybill_title.c.state)).scalar_one() == "queued"
