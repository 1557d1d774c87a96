"""The exam in the medical room: found, examined, recorded, decided, and seen by the employer like any other exam."""

import contextlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from central.core.days import day_of
from central.core.rights import Role
from central.core.trust import Trust
from central.deciding.admissions import admissions
from central.examining.ending import RoomEnds
from central.examining.recording import RoomExams
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected
from central.link.outgoing import load_signing_key
from central.store import outgoing, rooms
from central.store.engine import reading, writing
from central.store.exams import exam
from central.store.registry import worker
from central.store.rooms import room_draft
from dopusk.lab.demo.sample_people import sample_snils
from tests.console_centre import Browser, ConsoleCentre
from tests.medical_room import WELL, begin, enter_room, send, values
from tests.waiting import until


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("senior", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("senior", unlock=False)


@pytest.fixture
def room(centre: ConsoleCentre, senior: Browser) -> tuple[str, dict[str, str]]:
    return enter_room(senior, day_of(centre.now()))


def _payload(centre: ConsoleCentre, exam_id: str) -> dict[str, Any]:
    with reading(centre.engine) as connection:
        return dict(connection.execute(select(exam.c.payload).where(exam.c.exam_id == exam_id)).scalar_one())


def _recorded(centre: ConsoleCentre, zoya: Browser, path: str, fields: dict[str, Any]) -> str:
    answer = send(zoya, path, "record", fields)
    assert answer.status_code == 303, answer.text
    place = answer.headers["location"]
    assert place.startswith("/exams/")
    return str(place.rsplit("/", 1)[1])


def test_who_was_sent_from_the_kiosk_is_examined_admitted_and_seen_by_the_employer(
    centre: ConsoleCentre, zoya: Browser, room: tuple[str, dict[str, str]], address: str
) -> None:
    """Refused at the kiosk, examined in the room: the employer sees the newer exam, the journal keeps both, nothing is forged."""
    room_id, instruments = room
    worker_id = centre.people.workers["1001"]
    refused = centre.exam("1001", systolic_mmhg=171, started_at=centre.now() - timedelta(minutes=30))
    assert zoya.decide(refused, outcome="not_admitted", reasons="pressure_high").status_code == 303
    with writing(centre.engine) as connection:
        chosen = worker.c.worker_id == worker_id
        connection.execute(update(worker).where(chosen).values(remote_allowed=False, block_text="только очно"))

    found = zoya.post("/room/find", {"q": sample_snils("1001")}, page="/room")
    assert found.status_code == 303
    assert worker_id in found.headers["location"]
    assert "только очно" in zoya.get(found.headers["location"]).text
    path = begin(zoya, worker_id, room_id)
    exam_id = _recorded(centre, zoya, path, WELL | values(instruments))

    page = zoya.get(f"/exams/{exam_id}").text
    for words in (
        "Кабинет № 1",
        "по документу",
        "паспорт, последние цифры 4711",
        "Луговая Зоя Марковна",
        "введено вручную",
    ):
        assert words in page, words
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303

    centre.add_account("dispatcher", Role.EMPLOYER, employer_id=centre.people.employers[0])
    with contextlib.closing(Browser(address)) as dispatcher:
        dispatcher.log_in("dispatcher", unlock=False)
        row = dispatcher.get("/admissions").text.split("<td>1001</td>")[1].split("</tr>")[0]
    assert "Допущен" in row
    with reading(centre.engine) as connection:
        (state,) = admissions(connection, centre.people.employers[0], centre.now(), worker_id)
        waits = connection.execute(
            select(func.count())
            .select_from(outgoing.centre_outbox)
            .where(outgoing.centre_outbox.c.terminal_id == room_id)
        ).scalar_one()
    assert (state.state, state.exam_id) == ("admitted", exam_id)
    assert waits == 0, "nothing goes down to a room"
    shown = zoya.get(f"/exams/{exam_id}").text
    assert "<dt>Кабинет</dt>" in shown
    assert "<dt>Терминал</dt>" not in shown
    journal = zoya.get("/journal").text
    assert f"/exams/{refused}" in journal
    assert f"/exams/{exam_id}" in journal

    key = load_signing_key(centre.config.keys.centre_signing_key_file).public_key()
    expected = Expected(key, Trust(centre.config.keys.authority_dir).anchors(), None)
    assert verify_store(centre.engine, expected).faults == []


def test_the_record_names_instrument_medic_document_and_nothing_invented(
    centre: ConsoleCentre, zoya: Browser, room: tuple[str, dict[str, str]]
) -> None:
    room_id, instruments = room
    path = begin(zoya, centre.people.workers["1001"], room_id)
    only_pressure = {
        name: value for name, value in values(instruments).items() if "breath" not in name and "temp" not in name
    }
    exam_id = _recorded(centre, zoya, path, WELL | only_pressure | {"pulse_bpm": ""})
    made = _payload(centre, exam_id)
    (pressure,) = made["measurements"]
    assert pressure["values"] == {"systolic_mmhg": 124, "diastolic_mmhg": 79}
    assert bytes.fromhex(pressure["raw_hex"]) == b"diastolic_mmhg=79;systolic_mmhg=124\n"
    assert (pressure["derivation"], pressure["generation"]) == ("manual", "test")
    assert pressure["device"]["device_id"] == instruments["pressure"]
    assert pressure["device"]["serial"] == "P-1"
    assert made["examinee"]["identified_by"] == "document"
    assert made["room"]["document"] == {"kind": "passport", "last_digits": "4711"}
    assert made["room"]["seen"] == [
        {"field": "skin", "code": "skin_normal"},
        {"field": "smell", "code": "smell_none"},
    ], "what was not looked at is not there"
    assert made["consent"] is None
    assert made["diary"] is None
    assert made["rule_verdict"]["suggestion"] == "incomplete"
    refused = zoya.decide(exam_id, outcome="admitted")
    assert refused.status_code == 422, "without a needed measurement nobody is admitted but with a reason"


def test_a_half_typed_exam_survives_and_ends_unfinished(
    centre: ConsoleCentre, zoya: Browser, foma: Browser, room: tuple[str, dict[str, str]]
) -> None:
    room_id, _ = room
    worker_id = centre.people.workers["1001"]
    path = begin(zoya, worker_id, room_id)
    assert (
        send(zoya, path, "keep", {"feels": "unwell", "complaint": ["headache"], "systolic_mmhg": "13"}).status_code
        == 303
    )
    again = zoya.get(path).text
    assert 'name="systolic_mmhg"' in again
    assert 'value="13"' in again
    assert 'value="headache" checked' in again
    assert begin(foma, worker_id, room_id) == path, "one exam of one worker at a time"
    assert send(zoya, path, "end", {}).status_code == 303
    assert zoya.get(path).status_code == 404
    with reading(centre.engine) as connection:
        row = connection.execute(select(exam).where(exam.c.terminal_id == room_id)).mappings().one()
    assert (row["state"], row["end_reason"]) == ("unfinished", "interrupted")
    assert row["payload"]["measurements"] == []


def test_pages_that_are_behind_change_nothing(
    centre: ConsoleCentre, zoya: Browser, room: tuple[str, dict[str, str]]
) -> None:
    room_id, instruments = room
    path = begin(zoya, centre.people.workers["1001"], room_id)
    token = zoya.get(path).text.split('name="csrf" value="')[1].split('"')[0]
    old = {"csrf": token, "version": "1", "do": "enter:pressure"} | values(instruments)
    assert zoya.http.post(path, data=old).status_code == 303
    assert zoya.http.post(path, data=old).status_code == 409, "the same form twice is one measurement"
    assert zoya.http.post(f"{path}/keep", data=old).status_code == 409
    kept = zoya.http.post(f"{path}/keep", data=old | {"version": "2", "last_digits": "4509123456"})
    assert kept.json()["version"] == 3
    with reading(centre.engine) as connection:
        stored = json.dumps(connection.execute(select(room_draft.c.content)).scalar_one())
    assert "4509123456" not in stored, "more of a number than four digits is kept nowhere"
    assert stored.count('"measurement_id"') == 1


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_recorded(
    centre: ConsoleCentre, zoya: Browser, senior: Browser
) -> None:
    today = day_of(centre.now())
    room_id, instruments = enter_room(senior, today, pressure=today - timedelta(days=1))
    path = begin(zoya, centre.people.workers["1001"], room_id)
    over = send(zoya, path, "enter:pressure", values(instruments))
    assert over.status_code == 422
    assert "поверка прибора закончилась" in over.text
    for fields, words in (
        ({"temperature_celsius": "99"}, "прибор такого показать не может: от 25 до 45"),
        ({"temperature_celsius": "жар"}, "это не число"),
        ({"temperature_celsius": ""}, "заполните"),
        ({"instrument_temperature": ""}, "выберите прибор"),
        ({"instrument_temperature": instruments["breath"]}, "выберите прибор"),
    ):
        answer = send(zoya, path, "enter:temperature", values(instruments) | fields)
        assert answer.status_code == 422
        assert words in answer.text, words
    nothing = send(zoya, path, "record", {})
    assert nothing.status_code == 422
    for words in ("Документ: выберите", "подтвердите, что осмотрели документ", "Самочувствие: выберите"):
        assert words in nothing.text, words
    contradicts = send(zoya, path, "record", WELL | {"complaint": "headache"})
    assert "отмечены жалобы" in contradicts.text
    with reading(centre.engine) as connection:
        assert connection.execute(select(func.count()).select_from(exam)).scalar_one() == 0


def test_a_second_value_is_asked_about_and_the_first_stays(
    centre: ConsoleCentre, zoya: Browser, room: tuple[str, dict[str, str]]
) -> None:
    room_id, instruments = room
    path = begin(zoya, centre.people.workers["1001"], room_id)
    first, second = values(instruments, 162), values(instruments, 131)
    assert send(zoya, path, "enter:pressure", first).status_code == 303
    asked = send(zoya, path, "enter:pressure", second)
    assert asked.status_code == 422
    assert "это повтор после отдыха или опечатка" in asked.text
    soon = send(zoya, path, "enter:pressure", second | {"again_pressure": "repeat"})
    assert "отдых ещё не закончился: ждать 20 мин" in soon.text
    centre.shift = timedelta(minutes=21)
    assert send(zoya, path, "enter:pressure", second | {"again_pressure": "repeat"}).status_code == 303
    assert send(zoya, path, "enter:pressure", values(instruments, 113) | {"again_pressure": "slip"}).status_code == 303
    made = _payload(centre, _recorded(centre, zoya, path, WELL | {"exam_type": "pre_shift"}))
    assert [(item["attempt"], item["values"]["systolic_mmhg"]) for item in made["measurements"]] == [(1, 162), (3, 113)]
    (wrong,) = made["room"]["typed_wrong"]
    assert (wrong["attempt"], wrong["typed"]) == (2, "diastolic_mmhg=79;pulse_bpm=71;systolic_mmhg=131")
    codes = [item["code"] for item in made["rule_verdict"]["findings"]]
    assert codes == ["not_measured", "not_measured", "above", "typed_wrong"]


def test_a_positive_drug_test_and_what_eyes_see_weigh(
    centre: ConsoleCentre, zoya: Browser, room: tuple[str, dict[str, str]]
) -> None:
    room_id, instruments = room
    path = begin(zoya, centre.people.workers["1001"], room_id, "post_shift")
    fields = WELL | {"exam_type": "post_shift", "seen_pupils": "pupils_narrow"}
    half = send(zoya, path, "record", fields | values(instruments) | {"drug_result": "positive"})
    assert half.status_code == 422
    for words in ("что исследовали: выберите", "что обнаружено: заполните", "годен до: укажите дату"):
        assert words in half.text, words
    test = {"drug_kind": "urine", "drug_kit": "ИммуноХром-6", "drug_lot": "0417", "drug_substances": "опиаты"}
    over = send(zoya, path, "record", fields | test | {"drug_result": "positive", "drug_valid_until": "2024-02-01"})
    assert "таким тестом пользоваться нельзя" in over.text
    until = f"{day_of(centre.now()) + timedelta(days=90)}"
    exam_id = _recorded(centre, zoya, path, fields | test | {"drug_result": "positive", "drug_valid_until": until})
    made = _payload(centre, exam_id)
    assert (made["exam_type"], made["rule_verdict"]["suggestion"]) == ("post_shift", "out_of_limits")
    assert made["room"]["drug_test"]["result"] == "positive"
    page = zoya.get(f"/exams/{exam_id}").text
    for words in ("моча, положительный, опиаты, ИммуноХром-6 № 0417", "Зрачки", "сужены", "послесменный"):
        assert words in page, words
    assert zoya.decide(exam_id, outcome="admitted").status_code == 422
    assert zoya.decide(exam_id, outcome="refer", reasons="drug_signs", comment="направлена").status_code in {303, 422}
    columns = zoya.get("/journal?columns=full_name&columns=drug_test&columns=skin").text
    assert "моча, положительный, опиаты, ИммуноХром-6 № 0417" in columns
    assert "обычной окраски" in columns


def test_a_medic_wants_a_repeat_and_the_exam_goes_on_in_the_room(
    centre: ConsoleCentre, zoya: Browser, room: tuple[str, dict[str, str]]
) -> None:
    room_id, instruments = room
    path = begin(zoya, centre.people.workers["1001"], room_id)
    exam_id = _recorded(centre, zoya, path, WELL | values(instruments, 162))
    early = zoya.post("/room/again", {"exam_id": exam_id}, page="/room")
    assert early.status_code == 409
    assert zoya.decide(exam_id, outcome="repeat", repeat_step="pressure").status_code == 303
    centre.shift = timedelta(minutes=21)
    assert "Продолжить: повторить измерение" in zoya.get(f"/exams/{exam_id}").text
    answer = zoya.post("/room/again", {"exam_id": exam_id}, page=f"/exams/{exam_id}")
    path = answer.headers["location"]
    assert 'value="skin_normal" selected' in zoya.get(path).text
    again = {"again_pressure": "repeat"} | {
        name: value for name, value in values(instruments, 128).items() if "pressure" in name or "mmhg" in name
    }
    assert _recorded(centre, zoya, path, WELL | again) == exam_id
    made = _payload(centre, exam_id)
    assert made["revision"] == 2
    assert [item["values"]["systolic_mmhg"] for item in made["measurements"] if item["step"] == "pressure"] == [
        162,
        128,
    ]
    assert zoya.decide(exam_id, outcome="admitted", override_reason="после отдыха в норме").status_code == 303


def test_a_closed_room_an_archived_worker_and_a_medic_without_register_entry_are_told_so(
    centre: ConsoleCentre, zoya: Browser, senior: Browser, room: tuple[str, dict[str, str]]
) -> None:
    room_id, _ = room
    worker_id = centre.people.workers["1001"]
    fields = {"worker_id": worker_id, "room_id": room_id, "exam_type": "pre_shift"}
    nobody = senior.post("/room/begin", fields, page="/room")
    assert nobody.status_code == 409
    assert "не связана с медработником реестра" in nobody.text
    with writing(centre.engine) as connection:
        rooms.close_room(connection, room_id, closed=True)
    closed = zoya.post("/room/begin", fields, page="/room")
    assert "Этого кабинета нет, или он закрыт" in closed.text
    assert "Медкабинетов в реестре нет" in zoya.get("/room").text


def test_an_exam_that_nobody_goes_on_with_ends_by_time(
    centre: ConsoleCentre, zoya: Browser, room: tuple[str, dict[str, str]]
) -> None:
    room_id, instruments = room
    paths = [begin(zoya, centre.people.workers[number], room_id) for number in ("1001", "1002", "1004")]
    assert send(zoya, paths[0], "enter:pressure", values(instruments)).status_code == 303
    centre.shift = timedelta(hours=3)
    zoya.log_in("zoya")
    assert send(zoya, paths[2], "keep", {"feels": "well"}).status_code == 303
    centre.shift = timedelta(hours=5)
    zoya.log_in("zoya")
    exams = RoomExams(centre.outgoing, centre.config.room, centre.config.generation)
    with RoomEnds(centre.engine, exams, centre.now, every_s=0.05):
        assert until(lambda: zoya.get(paths[0]).status_code == zoya.get(paths[1]).status_code == 404)
    assert zoya.get(paths[2]).status_code == 200, "its time counts from its last change"
    with reading(centre.engine) as connection:
        (row,) = connection.execute(select(exam)).mappings()
    assert (row["state"], row["end_reason"], row["worker_id"]) == (
        "unfinished",
        "expired",
        centre.people.workers["1001"],
    ), "what was measured is kept; of the one of whom nothing was entered there is nothing to keep"
    assert [item["values"]["systolic_mmhg"] for item in row["payload"]["measurements"]] == [124]
