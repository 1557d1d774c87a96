"""A certificate that a key at the workplace signs: the bytes go there, the signature comes back, what was typed is kept."""

import html
import re

from sqlalchemy import select

from central.store.engine import reading
from central.store.paper_records import paper_record
from tests.console_centre import CSRF
from tests.unit.console.test_papers import _print
from tests.unit.console.test_workplace import (  # noqa: F401
    Asked,
    _ask,
    _cms,
    _send,
    enrolled,
    medic,
    senior,
    workplace,
)
from tests.written_papers import DIAGNOSIS, write_paper


def test_a_sanitary_passport_is_signed_at_the_workplace(centre, workplace, enrolled):  # noqa: F811
    own = f"/workers/{centre.people.workers['1003']}/passport"
    seen = re.findall(r'name="seen" value="(\w{64})"', enrolled.get(own).text)[0]
    shown = enrolled.post(f"{own}/sign", {"seen": seen}, page=own)
    assert shown.status_code == 200, shown.text
    found = {
        name: html.unescape(re.findall(rf'data-{name}="([^"]*)"', shown.text)[0])
        for name in ("request", "content", "nonce")
    }
    asked = Asked("", csrf=CSRF.findall(shown.text)[-1], **found)
    cms = _cms(workplace, asked)
    for status in (303, 409):
        answer = enrolled.http.post(f"{own}/signature", data=asked.fields(cms))
        assert answer.status_code == status, "one answer counts once"
    assert workplace.window.told[-1][0] == "signed_passport"
    assert enrolled.get(f"{own}/signed/file").status_code == 200


def _kinds(centre):  # type: ignore[no-untyped-def]
    with reading(centre.engine) as connection:
        return connection.execute(select(paper_record.c.kind)).scalars().all()


def test_a_certificate_is_signed_at_the_workplace(centre, workplace, enrolled):  # noqa: F811
    exam_id = centre.exam("1003", systolic_mmhg=171)
    decided = _ask(enrolled, exam_id, outcome="not_admitted", reasons="pressure_high")
    assert _send(enrolled, decided, _cms(workplace, decided)).status_code == 303
    shown = write_paper(enrolled, exam_id)
    assert shown.status_code == 200, shown.text
    assert _kinds(centre) == [], "nothing is stored before the signature is there"
    found = {
        name: html.unescape(re.findall(rf'data-{name}="([^"]*)"', shown.text)[0])
        for name in ("request", "content", "nonce")
    }
    asked = Asked(exam_id, csrf=CSRF.findall(shown.text)[-1], **found)
    wrong = _send(enrolled, asked, "AAAA")
    assert wrong.status_code == 403
    assert DIAGNOSIS in wrong.text, "what was typed is kept"
    shown = write_paper(enrolled, exam_id)
    found = {
        name: html.unescape(re.findall(rf'data-{name}="([^"]*)"', shown.text)[0])
        for name in ("request", "content", "nonce")
    }
    asked = Asked(exam_id, csrf=CSRF.findall(shown.text)[-1], **found)
    assert _send(enrolled, asked, _cms(workplace, asked)).status_code == 303
    assert _kinds(centre) == ["refusal"]
    assert _print(enrolled, exam_id, "refusal").status_code == 200
