"""The medic signs the title that she sees: in the act of the decision, or later by an act of its own; and what stops it."""

import base64
import json
import re
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select, update

from central.core.snils import parse_snils
from central.core.trust import Trust
from central.partners.medic_titles import check_title
from central.signature.verification import verify_detached
from central.store import decisions
from central.store.alerts import alert
from central.store.engine import reading, writing
from central.store.registry import worker
from central.store.waybill_titles import waybill_receipt, waybill_title
from simulators.waybill_carrier import CARRIER_INN, DRIVER, DRIVER_INN, T1_NAME, T5_NAME, note, waybill
from tests.waybill_centre import WaybillCentre, receipt, waybill_centre

SNILS = "112-233-445 95"
HIDDEN = re.compile(r'name="(title_\w+)" value="([^"]*)"')
T1_LATER = T1_NAME.replace("11111111", "77777777")


@pytest.fixture
def carrier(centre) -> WaybillCentre:
    """Before `address`: the application reads the configuration once."""
    return waybill_centre(centre)


@pytest.fixture
def app(carrier):
    return carrier.centre.app()


def shown(browser, exam_id) -> dict[str, str]:
    """What the page of the exam carries of a title."""
    return dict(HIDDEN.findall(browser.get(f"/exams/{exam_id}").text))


def titles(carrier) -> list:
    with reading(carrier.centre.engine) as connection:
        return list(connection.execute(select(waybill_title).order_by(waybill_title.c.title_id)).mappings())


def record_of(carrier, exam_id) -> dict:
    with reading(carrier.centre.engine) as connection:
        return json.loads(decisions.of_exam(connection, exam_id)[-1].record)


def test_one_act_signs_the_decision_and_the_title_that_stood_on_the_page(carrier, zoya):
    carrier.drop_waybill()
    carrier.pass_once()
    exam_id = carrier.centre.exam()
    page = zoya.get(f"/exams/{exam_id}").text
    assert T1_NAME in page
    assert "к исполнению трудовых обязанностей допущен" in page
    assert "<li>Ветров Степан Ильич</li>" in page
    fields = shown(zoya, exam_id)
    assert zoya.decide(exam_id, outcome="admitted", **fields).status_code == 303
    (title,) = titles(carrier)
    assert title["sha256"] == fields["title_sha256"] == sha256(title["content"]).hexdigest()
    assert record_of(carrier, exam_id)["waybill_title"] == {
        "title": "T2",
        "file_id": title["file_id"],
        "sha256": title["sha256"],
    }
    roots = Trust(carrier.centre.config.keys.authority_dir).anchors().roots
    assert verify_detached(title["cms"], title["content"], roots, at=title["signed_at"])
    carrier.pass_once()
    (file,) = carrier.out()
    assert file.read_bytes() == title["content"]
    assert file.with_suffix(".sig").read_bytes() == title["cms"]
    check_title(file.read_bytes(), "T2", file.stem)
    text = title["content"].decode("windows-1251")
    signature = (carrier.folder / "in" / "taken" / f"{T1_NAME}.sig").read_bytes()
    assert f'ЭП="{base64.b64encode(signature).decode()}"' in text
    assert f'ИННФЛ="{DRIVER_INN}"' in text


@pytest.mark.parametrize(
    ("outcome", "more"), [("not_admitted", {"reasons": "pressure_high"}), ("refer", {"comment": "к врачу"})]
)
def test_a_refusal_makes_no_title_and_tells_the_carrier(carrier, zoya, outcome, more):
    carrier.drop_waybill()
    carrier.pass_once()
    exam_id = carrier.centre.exam()
    assert zoya.decide(exam_id, outcome=outcome, **more, **shown(zoya, exam_id)).status_code == 303
    assert titles(carrier) == []
    assert "waybill_title" not in record_of(carrier, exam_id)
    with reading(carrier.centre.engine) as connection:
        kinds = list(connection.execute(select(alert.c.kind).where(alert.c.exam_id == exam_id)).scalars())
    assert kinds == ["no_title"]
    carrier.pass_once()
    assert carrier.out() == []


def test_a_title_that_would_be_another_one_now_is_not_signed(carrier, zoya):
    carrier.drop_waybill()
    carrier.pass_once()
    exam_id = carrier.centre.exam()
    fields = shown(zoya, exam_id)
    for changed in (
        {"title_sha256": "0" * 64},
        {"title_uuid": "../../etc"},
        {"title_made_at": "yesterday"},
        {"title_made_at": "2020-01-01T00:00:00+00:00"},
        {"title_waybill": "another"},
    ):
        answer = zoya.decide(exam_id, outcome="admitted", **(fields | changed))
        assert answer.status_code == 409, changed
    assert titles(carrier) == []
    with reading(carrier.centre.engine) as connection:
        assert decisions.of_exam(connection, exam_id) == []


def test_a_waybill_that_comes_later_waits_for_her_explicit_act_one_by_one(carrier, zoya):
    exam_id = carrier.centre.exam()
    assert shown(zoya, exam_id) == {}
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    carrier.drop_waybill()
    carrier.drop_waybill(T1_LATER, uid="650e8400-e29b-41d4-a716-446655440000")
    carrier.pass_once()
    assert titles(carrier) == []
    page = zoya.get(f"/exams/{exam_id}")
    assert page.text.count("/waybill-title") == 2
    for left in (1, 0):
        fields = shown(zoya, exam_id)
        path = f"/exams/{exam_id}/waybill-title"
        assert zoya.post(path, fields, page=f"/exams/{exam_id}").status_code == 303
        assert zoya.post(path, fields, page=f"/exams/{exam_id}").status_code == 409, "a second press signs nothing"
        assert zoya.get(f"/exams/{exam_id}").text.count("/waybill-title") == left
    assert len(titles(carrier)) == 2
    carrier.pass_once()
    assert len(carrier.out()) == 2


def test_two_waybills_at_once_are_both_left_to_acts_of_their_own(carrier, zoya):
    carrier.drop_waybill()
    carrier.drop_waybill(T1_LATER, uid="650e8400-e29b-41d4-a716-446655440000")
    carrier.pass_once()
    exam_id = carrier.centre.exam()
    assert zoya.decide(exam_id, outcome="admitted", **{}).status_code == 303
    assert titles(carrier) == []
    assert zoya.get(f"/exams/{exam_id}").text.count("/waybill-title") == 2


def test_a_title_is_signed_by_the_medic_who_admitted_and_by_nobody_else(carrier, zoya, foma):
    exam_id = carrier.centre.exam()
    zoya.decide(exam_id, outcome="admitted")
    carrier.drop_waybill()
    carrier.pass_once()
    fields = shown(zoya, exam_id)
    answer = foma.post(f"/exams/{exam_id}/waybill-title", fields, page=f"/exams/{exam_id}")
    assert answer.status_code == 409
    assert titles(carrier) == []


def test_an_expired_admission_signs_no_title(carrier, zoya):
    exam_id = carrier.centre.exam()
    zoya.decide(exam_id, outcome="admitted")
    carrier.drop_waybill()
    carrier.pass_once()
    fields = shown(zoya, exam_id)
    with reading(carrier.centre.engine) as connection:
        until = decisions.of_exam(connection, exam_id)[-1].valid_until
    carrier.centre.shift = until - carrier.centre.now()
    zoya.log_in("zoya")
    assert zoya.post(f"/exams/{exam_id}/waybill-title", fields, page=f"/exams/{exam_id}").status_code == 409
    assert titles(carrier) == []


def test_a_return_asks_for_the_title_after_the_trip(carrier, zoya):
    carrier.drop_return()
    carrier.pass_once()
    assert [(row.state, row.fault) for row in carrier.rows()] == [("parked", "no_waybill")]
    carrier.drop_waybill()
    carrier.pass_once()
    assert {row.kind: row.state for row in carrier.rows()} == {"T1": "waiting", "T5": "waiting"}
    exam_id = carrier.centre.exam(exam_type="post_trip")
    assert zoya.decide(exam_id, outcome="admitted", **shown(zoya, exam_id)).status_code == 303
    (title,) = titles(carrier)
    assert title["title"] == "T6"
    assert T5_NAME in title["content"].decode("windows-1251")
    check_title(title["content"], "T6", title["file_id"])


def test_no_title_after_the_trip_where_the_waybill_asks_for_none(carrier):
    carrier.drop_waybill(after="2")
    carrier.drop_return()
    carrier.pass_once()
    assert {row.kind: row.state for row in carrier.rows()} == {"T1": "waiting", "T5": "not_needed"}


BAD = {
    "a T1 that is not valid": (waybill(knd="1110382"), None, "refused", "not_a_waybill"),
    "a T1 signed by nobody": (waybill(), b"", "refused", "unsigned"),
    "a T1 whose signature is of something else": (waybill(), b"\x30\x03\x02\x01\x05", "refused", "signature"),
    "a T1 without the carrier's INN": (
        waybill().replace(f' ИННЮЛ="{CARRIER_INN}"'.encode("cp1251"), b""),
        None,
        "parked",
        "carrier_without_inn",
    ),
    "a T1 without a signer": (
        waybill().replace('СпосПодтПолном="1"'.encode("cp1251"), b""),
        None,
        "refused",
        "missing",
    ),
    "a T1 of a carrier nobody knows": (waybill(inn="7700000014"), None, "parked", "unknown_carrier"),
    "a T1 that names a driver that nobody has": (
        waybill(drivers=DRIVER.replace(DRIVER_INN, "770000000290")),
        None,
        "parked",
        "unknown_driver",
    ),
    "a T1 that names a driver by name alone": (
        waybill(drivers=re.sub(r' ИННФЛ="\d+"|<ВодитУд.*?/>', "", DRIVER)),
        None,
        "parked",
        "driver_without_inn",
    ),
    "a T1 whose licence is another worker's": (
        waybill(drivers=DRIVER.replace("7799", "7788").replace("123456", "654321")),
        None,
        "parked",
        "two_drivers",
    ),
    "a T1 with somebody else's INN": (
        waybill(drivers=DRIVER.replace("Ветров", "Полянский")),
        None,
        "parked",
        "other_driver",
    ),
}


def known(carrier, number: str, **values) -> None:
    with writing(carrier.centre.engine) as connection:
        own = worker.c.worker_id == carrier.centre.people.workers[number]
        connection.execute(update(worker).where(own).values(**values))


BY_OTHER_THINGS = {
    "the licence, with a Latin letter": (note("x", "y"), {"driving_licence": "77 AB 123456"}, "waiting", ""),
    "the personnel number": (note("ТабНомер", "1001"), {}, "waiting", ""),
    "the SNILS": (note("СНИЛС", SNILS), {"snils_hmac": SNILS}, "waiting", ""),
    "a SNILS that is none": (note("СНИЛС", "1"), {}, "parked", "unknown_driver"),
    "nothing that is known": (note("x", "y"), {}, "parked", "unknown_driver"),
    "somebody of another INN": (note("ТабНомер", "1001"), {"inn": "770000000290"}, "parked", "other_driver"),
    "a number at another employer": (note("ТабНомер", "1003"), {}, "parked", "unknown_driver"),
}


@pytest.mark.parametrize("name", BY_OTHER_THINGS)
@pytest.mark.parametrize("inn", ["", f' ИННФЛ="{DRIVER_INN}"'], ids=["without INN", "INN of nobody"])
def test_a_driver_is_found_by_what_else_the_file_says(carrier, name, inn):
    notes, values, state, fault = BY_OTHER_THINGS[name]
    if "snils_hmac" in values:
        values = {"snils_hmac": carrier.centre.registry.snils_hash(parse_snils(SNILS))}
    known(carrier, "1001", **({"inn": None} | values))
    drivers = DRIVER.replace(f' ИННФЛ="{DRIVER_INN}"', inn).replace("7799", "77АВ")
    carrier.drop_waybill(drivers=drivers, notes=notes)
    carrier.pass_once()
    expected = fault if inn or fault != "other_driver" else ""
    assert [(row.state, row.fault) for row in carrier.rows()] == [(state if expected == fault else "waiting", expected)]


def test_two_employments_of_one_inn_are_told_apart_by_the_number(carrier):
    known(carrier, "1002", inn=DRIVER_INN, full_name="Ветров Степан Ильич", search_name="ветров степан ильич")
    carrier.drop_waybill()
    carrier.drop_waybill(T1_LATER, notes=note("ТабНомер", "1001"), uid="650e8400-e29b-41d4-a716-446655440000")
    carrier.pass_once()
    assert sorted((row.state, row.fault) for row in carrier.rows()) == [("parked", "several_drivers"), ("waiting", "")]


@pytest.mark.parametrize("name", BAD)
def test_bad_waybill_is_refused_or_parked_with_a_word_and_nothing_is_lost(carrier, zoya, name):
    content, signature, state, fault = BAD[name]
    known(carrier, "1002", driving_licence="7788 654321")
    carrier.drop(T1_NAME, content, signature)
    carrier.pass_once()
    (row,) = carrier.rows()
    assert (row.state, row.fault) == (state, fault)
    assert (carrier.folder / "in" / "taken" / f"{T1_NAME}.xml").read_bytes() == content
    page = zoya.get("/waybills")
    assert page.status_code == 200
    assert "waybill.fault" not in page.text
    assert ("2: Документ" in page.text) == (fault == "missing"), "a fault of the form names line and place"
    exam_id = carrier.centre.exam()
    assert shown(zoya, exam_id) == {}


def test_a_waybill_that_comes_twice_is_one(carrier):
    carrier.drop_waybill()
    carrier.pass_once()
    carrier.drop_waybill()
    carrier.pass_once()
    assert [row.state for row in carrier.rows()] == ["waiting"]
    carrier.drop_waybill(uid="650e8400-e29b-41d4-a716-446655440000")
    carrier.pass_once()
    assert sorted((row.state, row.fault) for row in carrier.rows()) == [("refused", "twice"), ("waiting", "")]


def test_a_parked_waybill_goes_on_when_the_register_knows_the_driver(carrier, centre):
    carrier.drop_waybill(drivers=DRIVER.replace(DRIVER_INN, "770000000290"))
    carrier.pass_once()
    assert [row.fault for row in carrier.rows()] == ["unknown_driver"]
    with writing(centre.engine) as connection:
        connection.execute(
            update(worker).where(worker.c.worker_id == centre.people.workers["1001"]).values(inn="770000000290")
        )
    carrier.pass_once()
    assert [row.state for row in carrier.rows()] == ["waiting"]


def test_letters_outside_windows_1251_make_no_title_and_leave_the_decision_free(carrier, centre, address):
    from tests.console_centre import Browser

    centre.add_medic("keti", "Ქეთი Луговая")
    browser = Browser(address).log_in("keti")
    carrier.drop_waybill()
    carrier.pass_once()
    exam_id = centre.exam()
    page = browser.get(f"/exams/{exam_id}").text
    assert "windows-1251" in page
    assert "ФИО/@Фамилия: U+" in page
    assert browser.decide(exam_id, outcome="admitted").status_code == 303
    browser.close()
    assert titles(carrier) == []
    assert [row.state for row in carrier.rows()] == ["waiting"]


def test_a_correction_before_the_title_left_withdraws_it_and_afterwards_is_parked_with_a_word(carrier, zoya):
    carrier.drop_waybill()
    carrier.drop_waybill(T1_LATER, uid="650e8400-e29b-41d4-a716-446655440000")
    carrier.pass_once()
    exam_id = carrier.centre.exam()
    zoya.decide(exam_id, outcome="admitted")
    zoya.post(f"/exams/{exam_id}/waybill-title", shown(zoya, exam_id), page=f"/exams/{exam_id}")
    carrier.pass_once()
    zoya.post(f"/exams/{exam_id}/waybill-title", shown(zoya, exam_id), page=f"/exams/{exam_id}")
    with reading(carrier.centre.engine) as connection:
        (decision,) = decisions.of_exam(connection, exam_id)
    answer = zoya.decide(
        exam_id, outcome="not_admitted", reasons="pressure_high", comment="пересмотр", corrects=decision.decision_id
    )
    assert answer.status_code == 303
    assert sorted(title["state"] for title in titles(carrier)) == ["corrected", "withdrawn"]
    carrier.pass_once()
    assert len(carrier.out()) == 1, "what was withdrawn is never handed over"
    assert "сообщить перевозчику" in zoya.get("/waybills").text


def test_an_operator_that_answers_late_or_twice_changes_nothing(carrier, zoya):
    carrier.drop_waybill()
    carrier.pass_once()
    exam_id = carrier.centre.exam()
    zoya.decide(exam_id, outcome="admitted", **shown(zoya, exam_id))
    carrier.pass_once()
    (title,) = titles(carrier)
    states = []
    for number, state in enumerate(("delivered", "accepted", "delivered", "accepted", "refused", "sold")):
        receipt(carrier.folder, f"r{number}", title["file_id"], state)
        carrier.pass_once()
        states.append(titles(carrier)[0]["state"])
    assert states == ["delivered", "accepted", "accepted", "accepted", "accepted", "accepted"]
    (carrier.folder / "receipts" / "broken.json").write_bytes(b"[[[")
    receipt(carrier.folder, "stranger", "somebody-else", "refused")
    carrier.pass_once()
    with reading(carrier.centre.engine) as connection:
        kept = connection.execute(select(waybill_receipt)).mappings().all()
    assert len(kept) == 8, "each receipt is kept as it came"
    assert not list((carrier.folder / "receipts").glob("*.json"))


def test_a_title_is_handed_over_again_until_the_operator_has_it(carrier, zoya):
    carrier.drop_waybill()
    carrier.pass_once()
    exam_id = carrier.centre.exam()
    zoya.decide(exam_id, outcome="admitted", **shown(zoya, exam_id))
    out = carrier.folder / "out"
    out.write_text("a file where the folder should be")
    with pytest.raises(Exception, match="out"):
        carrier.exchange().send_titles()
    assert titles(carrier)[0]["state"] == "queued"
    out.unlink()
    carrier.pass_once()
    assert carrier.out() == [], "it rests before the next try"
    carrier.centre.shift = titles(carrier)[0]["due_at"] - carrier.centre.now()
    carrier.pass_once()
    assert len(carrier.out()) == 1
    assert titles(carrier)[0]["attempts"] == 2


def test_a_title_does_not_rest_longer_because_the_clock_was_moved_back(carrier, zoya):
    carrier.drop_waybill()
    carrier.pass_once()
    exam_id = carrier.centre.exam()
    zoya.decide(exam_id, outcome="admitted", **shown(zoya, exam_id))
    out = carrier.folder / "out"
    out.write_text("a file where the folder should be")
    with pytest.raises(Exception, match="out"):
        carrier.exchange().send_titles()
    out.unlink()
    carrier.centre.shift = -timedelta(days=300)
    assert carrier.exchange().send_titles() == 1
    assert len(carrier.out()) == 1


def test_the_page_is_empty_in_words_and_shows_disputed_settings(carrier, zoya):
    page = zoya.get("/waybills").text
    assert "Электронных путевых листов ещё нет" in page
    assert page.count("спорно") == 3


def test_title_and_signature_can_be_fetched(carrier, zoya):
    carrier.drop_waybill()
    carrier.pass_once()
    exam_id = carrier.centre.exam()
    zoya.decide(exam_id, outcome="admitted", **shown(zoya, exam_id))
    (title,) = titles(carrier)
    assert zoya.get(f"/waybills/{title['waybill_id']}/title.xml").content == title["content"]
    assert zoya.get(f"/waybills/{title['waybill_id']}/title.sig").content == title["cms"]
    assert zoya.get(f"/waybills/{title['waybill_id']}/other").status_code == 404
