"""One exam as the medic, the employer and the worker see it, side by side: what differs is listed here, with the reason why."""

import contextlib
import html
import re
from collections.abc import Mapping

from central.core.media_files import MediaFiles
from central.core.rights import Role
from tests.console_centre import ZOYA, Browser, ConsoleCentre
from tests.unit.console.test_own_pages import PICTURE, join, link_by_hand

MEDIC, EMPLOYER, WORKER = "medic", "employer", "worker"
ALL = frozenset({MEDIC, EMPLOYER, WORKER})
COMMENT = "беседовала по телефону с терапевтом"
RELEASED = "Отдохните и подойдите к терапевту в кабинет 4"

INTENDED: Mapping[str, tuple[frozenset[str], str]] = {
    "name": (ALL, "whom it is about"),
    "outcome": (ALL, "who may work"),
    "number": (ALL, "how the employer calls the worker"),
    "value": (frozenset({MEDIC, WORKER}), "a medical secret towards the employer; the worker's own"),
    "limit": (frozenset({MEDIC, WORKER}), "by which the value was judged"),
    "device": (frozenset({MEDIC, WORKER}), "with what it was measured"),
    "complaint": (frozenset({MEDIC, WORKER}), "a medical secret towards the employer"),
    "reason": (frozenset({MEDIC, WORKER}), "the worker may appeal against it"),
    "released": (frozenset({MEDIC, WORKER}), "what the medic says to the worker"),
    "signer": (frozenset({MEDIC, WORKER}), "who answers for it"),
    "comment": (frozenset({MEDIC}), "the medic's note for other medics"),
    "rules": (frozenset({MEDIC}), "what the rules suggest is no decision"),
    "picture": (frozenset({MEDIC}), "by which the medic recognises; it stays at the centre"),
    "signature": (frozenset({MEDIC}), "files for openssl; a paper has its own signature"),
    "appeal": (frozenset({WORKER}), "the way against a refusal"),
}
"""What stands on the page of an exam, who sees it, and why."""


def _words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_views_of_one_exam_differ_as_intended(centre: ConsoleCentre, zoya: Browser, address: str) -> None:
    picture = MediaFiles(centre.config.media_dir).keep(b"a picture")
    payload = centre.payload("1001", systolic_mmhg=171, media=[PICTURE | {"sha256": picture}])
    payload["complaints"] = {"feels_well": False, "codes": [], "text": "ломит затылок"}
    exam_id = centre.receive(payload)
    serial = payload["measurements"][1]["device"]["serial"]
    fields = {
        "outcome": "not_admitted",
        "reasons": "blood_pressure_high",
        "comment": COMMENT,
        "released_text": RELEASED,
    }
    page = zoya.get(f"/exams/{exam_id}").text
    codes = re.findall(r'name="reasons" value="([a-z_]+)"', page)
    reason = next(code for code in codes if "pressure" in code)
    fields = {"outcome": "not_admitted", "reasons": reason, "comment": COMMENT, "released_text": RELEASED}
    label = re.search(rf'value="{reason}"[^>]*>(?:<[^>]+>)*\s*([^<]+)<', page)
    assert label is not None
    assert zoya.decide(exam_id, **fields).status_code == 303
    centre.add_account("dispatcher", Role.EMPLOYER, employer_id=centre.people.employers[0])
    with contextlib.ExitStack() as stack:
        worker, employer = (stack.enter_context(contextlib.closing(Browser(address))) for _ in range(2))
        join(worker, link_by_hand(centre, "1001"))
        employer.log_in("dispatcher", unlock=False)
        pages = {
            MEDIC: zoya.get(f"/exams/{exam_id}").text,
            EMPLOYER: employer.get("/admissions").text,
            WORKER: worker.get(f"/me/exams/{exam_id}").text,
        }
        assert employer.get(f"/exams/{exam_id}").status_code == 403
        assert employer.get(f"/me/exams/{exam_id}").status_code == 403
        assert worker.get(f"/exams/{exam_id}").status_code == 403
    looked_for = {
        "name": "Ветров Степан Ильич",
        "outcome": "е допущен",
        "number": "1001",
        "value": "171",
        "limit": "90–140",
        "device": serial,
        "complaint": "ломит затылок",
        "reason": label[1].strip(),
        "released": RELEASED,
        "signer": ZOYA,
        "comment": COMMENT,
        "rules": "правил",
        "picture": "/media/",
        "signature": "decision.cms",
        "appeal": "Попросить очный осмотр",
    }
    assert looked_for.keys() == INTENDED.keys()
    seen = {
        fact: frozenset(
            who for who, text in pages.items() if sought in (text if "/" in sought or "." in sought else _words(text))
        )
        for fact, sought in looked_for.items()
    }
    assert seen == {fact: who for fact, (who, _) in INTENDED.items()}
