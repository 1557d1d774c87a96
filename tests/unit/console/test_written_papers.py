"""Certificates and sobriety protocols: what a medic writes, signs and corrects, and who never sees it."""

import contextlib
import io
import json
import re
import subprocess
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from openpyxl import load_workbook
from sqlalchemy import select, update

from central.books.catalogue import shipped
from central.console.app import every_route
from central.core.rights import Role
from central.core.trust import Trust
from central.deciding.paper_signing import signed_by
from central.papers.written import CLINICAL_SIGNS, FIELDS, choices
from central.store.alerts import alert
from central.store.audit import audit
from central.store.decisions import decision
from central.store.engine import reading, writing
from central.store.notices import notice
from central.store.outgoing import centre_outbox
from central.store.paper_records import PaperRecord, paper_event, paper_record
from central.store.papers import paper
from central.store.register_changes import register_change
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre
from tests.unit.console.test_papers import _print
from tests.written_papers import CERTIFICATE, DIAGNOSIS, HELP, write_paper


def _words(content: bytes) -> str:
    done = subprocess.run(["pdftotext", "-", "-"], input=content, check=True, capture_output=True)
    return re.sub(r"\s+", " ", done.stdout.decode())


def _refused(centre: ConsoleCentre, zoya: Browser, number: str = "1003", **changes: object) -> str:
    exam_id = centre.exam(number, systolic_mmhg=171, **changes)
    assert zoya.decide(exam_id, outcome="not_admitted", reasons="pressure_high").status_code == 303
    return exam_id


def _records(centre: ConsoleCentre) -> list[PaperRecord]:
    with reading(centre.engine) as connection:
        rows = connection.execute(select(paper_record).order_by(paper_record.c.record_id)).mappings()
        return [PaperRecord(**row) for row in rows]


def test_a_certificate_is_written_signed_and_printed(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = _refused(centre, zoya)
    assert _print(zoya, exam_id, "refusal").status_code == 409, "nothing to print before it is written"
    assert write_paper(zoya, exam_id).status_code == 303
    (record,) = _records(centre)
    assert signed_by(record, Trust(centre.config.keys.authority_dir)) is not None
    content = json.loads(record.record)["paper"]["content"]
    assert content["diagnosis"] == DIAGNOSIS
    assert [one["code"] for one in content["help"]] == CERTIFICATE["help"]
    printed = _words(_print(zoya, exam_id, "refusal").content)
    for words in (
        "Справка",
        "Громов Пётр Савельевич",
        "Предварительный диагноз",
        DIAGNOSIS,
        HELP,
        "Городская поликлиника № 7",
        "решение вопроса о временной нетрудоспособности",
        "попытка 1",
        "171",
        "Луговая Зоя Марковна",
        "Справку получил",
    ):
        assert words in printed, words


def test_a_correction_takes_the_place_and_keeps_the_number(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = _refused(centre, zoya)
    write_paper(zoya, exam_id)
    _print(zoya, exam_id, "refusal")
    assert DIAGNOSIS in zoya.get(f"/exams/{exam_id}/certificate").text, "what was written stands in the form"
    assert write_paper(zoya, exam_id, diagnosis="ОРВИ").status_code == 303
    first, second = _records(centre)
    assert second.corrects == first.record_id
    printed = _words(_print(zoya, exam_id, "refusal").content)
    assert "ОРВИ" in printed
    assert DIAGNOSIS not in printed
    assert "№ 1/" in printed
    with reading(centre.engine) as connection:
        assert len(connection.execute(select(paper.c.paper_id).where(paper.c.kind == "refusal")).all()) == 1
    stale = zoya.post(
        f"/exams/{exam_id}/certificate",
        CERTIFICATE | {"decision_id": first.decision_id, "corrects": first.record_id},
    )
    assert stale.status_code == 409, "a page that is behind changes nothing"
    assert len(_records(centre)) == 2


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"diagnosis": " "}, "diagnosis", "заполните"),
        ({"diagnosis": "я" * 1001}, "diagnosis", "слишком длинно"),
        ({"help": []}, "help", "выберите"),
        ({"help": ["help_rest", "invented"]}, "help", "выберите"),
        ({"purpose": "reason_pressure"}, "purpose", "выберите"),
        ({"receiver": ""}, "receiver", "заполните"),
    ],
)
def test_what_is_missing_on_a_certificate_is_said_at_its_field(
    centre: ConsoleCentre, zoya: Browser, changes: dict[str, object], field: str, words: str
) -> None:
    exam_id = _refused(centre, zoya)
    answer = write_paper(zoya, exam_id, **changes)
    assert answer.status_code == 422
    assert re.search(rf'id="fault-{field}">{words}', answer.text)
    assert _records(centre) == []


def test_a_protocol_of_twelve_items(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam("1004")
    zoya.decide(exam_id, outcome="not_admitted", reasons="alcohol_breath")
    assert write_paper(zoya, exam_id, "sobriety").status_code == 303
    printed = _words(_print(zoya, exam_id, "sobriety").content)
    for number in range(1, 13):
        assert f"{number}." in printed, number
    for words in ("4 из 17", "поза Ромберга: неустойчив", "зрачки: расширены", "18 в минуту", "0,160", "Поверен до"):
        assert words in printed, words


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tested": "tested_refused_breath"}, "witness_first"),
        ({"acknowledged": "acknowledged_refused", "witness_first": "Сомов П. П., механик"}, "witness_second"),
        ({"conclusion": "conclusion_consumption"}, "conclusion"),
        ({"respiration": "900"}, "respiration"),
        ({"behaviour": []}, "behaviour"),
    ],
)
def test_a_protocol_that_contradicts_itself_is_not_signed(
    centre: ConsoleCentre, zoya: Browser, changes: dict[str, object], field: str
) -> None:
    exam_id = centre.exam("1004")
    zoya.decide(exam_id, outcome="not_admitted", reasons="alcohol_breath")
    answer = write_paper(zoya, exam_id, "sobriety", **changes)
    assert answer.status_code == 422
    assert f'id="fault-{field}"' in answer.text
    assert _records(centre) == []


def test_sober_is_not_signed_over_alcohol(centre: ConsoleCentre, zoya: Browser) -> None:
    payload = centre.payload("1004")
    payload["measurements"][-1]["values"] = {"breath_alcohol_mg_per_l": 0.05}
    exam_id = centre.receive(payload)
    zoya.decide(exam_id, outcome="not_admitted", reasons="alcohol_breath")
    form = zoya.get(f"/exams/{exam_id}/protocol").text
    assert "не выше предела медицинского освидетельствования (0,160)" in form
    answer = write_paper(zoya, exam_id, "sobriety", conclusion="conclusion_sober")
    assert answer.status_code == 422
    assert "«трезв» не подписать" in answer.text


@pytest.mark.parametrize(("minutes", "words"), [(8, "рано"), (20, "в срок"), (40, "поздно")])
def test_the_interval_of_the_second_breath_is_said_and_decides_nothing(
    centre: ConsoleCentre, zoya: Browser, minutes: int, words: str
) -> None:
    payload = centre.payload("1004")
    first = payload["measurements"][-1]
    first["values"] = {"breath_alcohol_mg_per_l": 0.2}
    at = centre.now() - timedelta(minutes=50)
    first["at"] = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    again = json.loads(json.dumps(first)) | {
        "attempt": 2,
        "measurement_id": first["measurement_id"][:-4] + "abcd",
        "at": (at + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    payload["measurements"].append(again)
    exam_id = centre.receive(payload)
    shown = zoya.get(f"/exams/{exam_id}").text
    assert re.search(rf"Вторая проба через {minutes} мин[^<]*{words}", shown)
    assert "waiting" in zoya.get("/queue").text or exam_id in zoya.get("/queue").text


def test_nothing_is_printed_of_a_changed_record(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = _refused(centre, zoya)
    write_paper(zoya, exam_id)
    take_guards_out(centre.engine)
    with writing(centre.engine) as connection:
        changed = _records(centre)[0].record.replace("криз".encode(), "крис".encode())
        connection.execute(update(paper_record).values(record=changed))
    assert _print(zoya, exam_id, "refusal").status_code == 409


def test_what_was_typed_waits_for_the_key(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = _refused(centre, zoya)
    zoya.post("/signature/close", {}, page="/signature")
    answer = write_paper(zoya, exam_id)
    assert answer.headers["location"] == "/signature"
    opened = zoya.post("/signature", {"passphrase": "key of the medic"})
    assert opened.headers["location"] == f"/exams/{exam_id}/certificate"
    assert DIAGNOSIS in zoya.get(f"/exams/{exam_id}/certificate").text


def test_the_book_has_choices_for_every_list_and_all_signs() -> None:
    book = shipped("paper_choices")
    assert book is not None
    for kind in FIELDS:
        for field in FIELDS[kind]:
            assert bool(choices(book.items, field.name)) == (field.kind in {"one", "many"}), field
    assert len(choices(book.items, "clinical_sign")) == CLINICAL_SIGNS


def test_the_register_shows_what_became_of_a_certificate(centre: ConsoleCentre, zoya: Browser) -> None:
    one, other = _refused(centre, zoya, "1003"), _refused(centre, zoya, "1001")
    for exam_id in (one, other):
        write_paper(zoya, exam_id)
        _print(zoya, exam_id, "refusal")
    with reading(centre.engine) as connection:
        paper_id = connection.execute(select(paper.c.paper_id).where(paper.c.exam_id == one)).scalar_one()
    path, today = f"/papers/refusals/{paper_id}", centre.now().date()
    for fields, field in (
        ({"event": "lost", "on_day": today.isoformat()}, "event"),
        ({"event": "handed", "on_day": ""}, "on_day"),
        ({"event": "handed", "on_day": (today + timedelta(days=3)).isoformat()}, "on_day"),
        ({"event": "answered", "on_day": today.isoformat(), "words": ""}, "words"),
    ):
        answer = zoya.post(path, fields)
        assert answer.status_code == 422
        assert f'id="fault-{field}"' in answer.text
    with reading(centre.engine) as connection:
        assert connection.execute(select(paper_event)).all() == []
    zoya.post(path, {"event": "handed", "on_day": today.isoformat()})
    answered = {"event": "answered", "on_day": today.isoformat(), "words": "Нетрудоспособен 3 дня"}
    assert zoya.post(path, answered).status_code == 303
    assert "Нетрудоспособен 3 дня" in zoya.get(path).text
    year = today.year
    lists = {
        state: zoya.get(f"/papers/refusals?year={year}&state={state}").text for state in ("answered", "unanswered")
    }
    assert "Громов" in lists["answered"]
    assert "Ветров" not in lists["answered"]
    assert "Громов" not in lists["unanswered"]
    assert "Ветров" in lists["unanswered"]
    sheet = load_workbook(io.BytesIO(zoya.get(f"/papers/refusals/export?year={year}&state=answered").content)).active
    assert sheet is not None
    cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    assert any("Нетрудоспособен 3 дня" in cell for cell in cells)
    assert "Городская поликлиника № 7" in cells
    write_paper(zoya, one, reason="reason_disease")
    by_class = {
        code: zoya.get(f"/papers/refusals?year={year}&reason_class={code}").text
        for code in ("reason_disease", "reason_pressure")
    }
    assert "Громов" in by_class["reason_disease"]
    assert "Ветров" not in by_class["reason_disease"]
    assert "Громов" not in by_class["reason_pressure"], "what was corrected counts no more"
    assert "Ветров" in by_class["reason_pressure"]
    zoya.http.cookies.set("dopusk_language", "en")
    assert "To be examined by a doctor" in zoya.get(f"/exams/{one}/certificate").text
    in_english = zoya.get(path).text
    assert "To decide whether the worker is temporarily unfit for work" in in_english
    assert "решение вопроса о временной нетрудоспособности" not in in_english
    assert json.loads(_records(centre)[-1].record)["paper"]["content"]["purpose"][0]["words"].startswith(
        "решение вопроса"
    )
    zoya.http.cookies.delete("dopusk_language")
    printed = _words(zoya.get(f"/papers/refusals/sheet?year={year}").content)
    assert "Нетрудоспособен 3 дня" in printed
    assert "Ветров" in printed


def test_who_only_reads_writes_no_paper(centre: ConsoleCentre, zoya: Browser, browser: Browser) -> None:
    exam_id = _refused(centre, zoya)
    centre.add_account("auditor", Role.AUDITOR)
    browser.log_in("auditor", unlock=False)
    assert browser.get(f"/exams/{exam_id}/certificate").status_code == 403
    assert "сначала заполняет и подписывает медработник" in browser.get(f"/exams/{exam_id}").text


def test_the_employer_learns_neither_diagnosis_nor_help(
    centre: ConsoleCentre, zoya: Browser, browser: Browser, app: FastAPI, address: str
) -> None:
    """Every page, file and answer that an employer or a program of theirs can ask for, every message and every alert."""
    exam_id = _refused(centre, zoya)
    write_paper(zoya, exam_id)
    write_paper(zoya, exam_id, "sobriety", notes=HELP, conclusion="conclusion_referral")
    for kind in ("refusal", "sobriety", "conclusion", "mark"):
        assert _print(zoya, exam_id, kind).status_code == 200
    centre.add_account("dispatcher", Role.EMPLOYER, employer_id=centre.people.employers[0])
    centre.add_account("admin", Role.ADMINISTRATOR)
    admin = browser.log_in("admin", unlock=False)
    made = admin.post(
        "/accounts/keys",
        {"name": "турникет", "employer_id": centre.people.employers[0], "scopes": ["admissions:read", "exams:read"]},
        page="/accounts",
    )
    key = made.text.split('class="code">')[1].split("<")[0]
    with reading(centre.engine) as connection:
        values = {
            "exam_id": exam_id,
            "worker_id": centre.people.workers["1003"],
            "number": "1003",
            "paper_id": connection.execute(select(paper.c.paper_id).where(paper.c.kind == "refusal")).scalar_one(),
            "decision_id": connection.execute(select(decision.c.decision_id)).scalar_one(),
            "name": "record.json",
        }
        codes = connection.execute(select(paper.c.code)).scalars().all()
        kept = [
            repr(row)
            for table in (decision, alert, notice, centre_outbox, audit, register_change)
            for row in connection.execute(select(table))
        ]
    paths = [
        re.sub(r"\{(\w+)(:\w+)?\}", lambda found: str(values.get(found[1], "none")), route.path)
        for route in every_route(app)
        if "GET" in (route.methods or ()) and not route.path.endswith("/events")
    ]
    with contextlib.closing(Browser(address)) as dispatcher:
        dispatcher.log_in("dispatcher", unlock=False)
        answers = [dispatcher.get(path) for path in paths]
        answers += [httpx.get(f"{address}/check/{code}") for code in codes]
    programs = httpx.get(f"{address}/api/v1/openapi.json").json()["paths"]
    asked = {"Authorization": f"Bearer {key}"}
    for path in programs:
        filled = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "1003"), path)
        answers.append(
            httpx.get(f"{address}{filled if filled.startswith('/api') else '/api/v1' + filled}", headers=asked)
        )
    assert sum(answer.status_code == 200 for answer in answers) >= 10, "the walk has seen something"
    secrets = (DIAGNOSIS, HELP, "временной нетрудоспособности", "Городская поликлиника № 7")
    for answer in answers:
        for secret in secrets:
            assert secret.encode() not in answer.content, answer.request.url
            assert json.dumps(secret)[1:-1].encode() not in answer.content, answer.request.url
    for row in kept:
        assert not any(secret in row or repr(secret.encode())[2:-1] in row for secret in secrets), row[:200]
