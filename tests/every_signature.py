"""One signature of every kind that a centre keeps, each made as people make it on the pages."""

import re

from sqlalchemy import select

from central.store.engine import reading
from central.store.papers import paper
from simulators.waybill_carrier import T1_NAME
from tests.acts import drafted
from tests.console_centre import Browser
from tests.waybill_centre import WaybillCentre
from tests.written_papers import write_paper

_HIDDEN = re.compile(r'name="((?:title_)?\w+)" value="([^"]*)"')


def sign_everything(carrier: WaybillCentre, zoya: Browser, foma: Browser) -> tuple[str, str]:
    """A decision with a title of a waybill, a refusal with a certificate and two copies of it, an act, a sanitary passport.

    Returns the exams: the admitted one and the refused one.
    """
    centre = carrier.centre
    carrier.drop_waybill(T1_NAME)
    carrier.pass_once()
    admitted = centre.exam("1001")
    title = {name: value for name, value in _shown(zoya, f"/exams/{admitted}").items() if name.startswith("title_")}
    _done(zoya.decide(admitted, outcome="admitted", **title).status_code, 303)

    refused = centre.exam("1002")
    _done(zoya.decide(refused, outcome="not_admitted", reasons="pressure_high").status_code, 303)
    write_paper(zoya, refused, "refusal")
    page = f"/exams/{refused}"
    _done(zoya.post(f"{page}/papers", {"kind": "refusal"}, page=page).status_code, 200)
    with reading(centre.engine) as connection:
        paper_id = connection.execute(select(paper.c.paper_id).where(paper.c.exam_id == refused)).scalar_one()
    page = f"/conclusions/{paper_id}"
    copy = {"role": "patient", "form": "paper", "ground": ""}
    _done(zoya.post(f"{page}/copies", copy, page=page).status_code, 303)

    act = f"/conclusions/acts/{drafted(centre).act_id}"
    for browser in (zoya, foma):
        _done(browser.post(f"{act}/sign", {"seen": _shown(browser, act)["seen"]}, page=act).status_code, 303)
    passport = f"/workers/{centre.people.workers['1001']}/passport"
    _done(zoya.post(f"{passport}/sign", {"seen": _shown(zoya, passport)["seen"]}, page=passport).status_code, 303)
    return admitted, refused


def _shown(browser: Browser, path: str) -> dict[str, str]:
    return dict(_HIDDEN.findall(browser.get(path).text))


def _done(status: int, expected: int) -> None:
    assert status == expected
