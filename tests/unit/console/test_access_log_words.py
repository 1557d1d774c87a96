"""The access log says who did what, when to the second, and to whom, in words; workers by number and never by name."""

import contextlib
import re

from central.core.rights import Role
from central.store import audit
from central.store.engine import writing
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import Browser, ConsoleCentre


def test_a_line_names_person_thing_and_second(centre: ConsoleCentre, zoya: Browser, address: str) -> None:
    exam_id = centre.exam("1001")
    zoya.get(f"/exams/{exam_id}")
    centre.add_account("sova", Role.AUDITOR)
    with writing(centre.engine) as connection:
        subjects = {"kiosk-1": "Терминал: ", centre.people.workers["1002"]: "Работник, таб. № 1002"}
        subjects |= {centre.people.employers[0]: "Работодатель: ООО «Ромашка-Транс»", ORG: "Медорганизация: "}
        for subject in subjects:
            audit.write(
                connection,
                at=centre.now(),
                account_id=None,
                address=audit.COMMAND_LINE,
                action="trial",
                subject=subject,
                org=ORG,
            )
    with contextlib.closing(Browser(address).log_in("sova", unlock=False)) as auditor:
        page = auditor.get("/audit").text.split("<main")[1]
        english = auditor.http.get("/audit", headers={"cookie": "dopusk_language=en"})
    lines = page.split("<tr>")
    (read,) = [line for line in lines if exam_id in line and "просмотр осмотра" in line]
    assert re.search(r">\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d<", read)
    assert "Луговая Зоя Марковна" in read
    assert re.search(r"Осмотр \d\d\.\d\d\.\d{4} \d\d:\d\d, таб. № 1001", read)
    for subject, words in subjects.items():
        (line,) = [line for line in lines if f">{subject}</small>" in line and "trial" in line]
        assert words in line
        assert "из командной строки" in line
    assert "Ветров" not in page
    assert english.status_code in {200, 303}


def test_what_is_anothers_stays_an_id(centre: ConsoleCentre, zoya: Browser, address: str) -> None:
    exam_id = centre.exam("1001")
    with writing(centre.engine) as connection:
        audit.write(connection, at=centre.now(), account_id=None, address="", action="trial", subject=exam_id)
    centre.add_account("alien", Role.AUDITOR, orgs=("another",))
    with contextlib.closing(Browser(address).log_in("alien", unlock=False)) as alien:
        (line,) = [line for line in alien.get("/audit").text.split("<tr>") if exam_id in line]
    assert "таб. №" not in line
