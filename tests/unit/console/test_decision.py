"""The medic's decision from the form to the signed record and the message to the terminal."""

import json
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import select

from central.core.trust import Trust
from central.deciding.decisions import export, is_valid
from central.store import accounts, decisions
from central.store.alerts import alert
from central.store.audit import audit
from central.store.engine import reading, writing
from central.store.exams import exam
from central.store.medics import medic
from central.store.outgoing import centre_outbox
from sync.contract.decision import DecisionMessage, DecisionRecord
from sync.contract.envelope import open_sealed
from tests.console_centre import PASSWORD, Browser, ConsoleCentre


def _decision(centre: ConsoleCentre, exam_id: str) -> decisions.StoredDecision:
    with reading(centre.engine) as connection:
        return decisions.of_exam(connection, exam_id)[-1]


def test_admission_is_signed_stored_and_queued(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam(future_field={"kept": True})

    answer = zoya.decide(exam_id, outcome="admitted", visual_skin="normal")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/queue?decided={exam_id}"
    item = _decision(centre, exam_id)
    assert is_valid(item, Trust(centre.config.keys.authority_dir))
    record = DecisionRecord.model_validate(json.loads(item.record))
    assert record.decision.outcome == "admitted"
    assert record.decision.visual == {"skin": "normal"}
    assert record.medic.full_name == "Луговая Зоя Марковна"
    assert record.decision.valid_until is not None
    # Fields that this centre does not know are under the signature all the same.
    assert json.loads(item.record)["exam"]["future_field"] == {"kept": True}
    with reading(centre.engine) as connection:
        row = connection.execute(select(exam).where(exam.c.exam_id == exam_id)).one()
        wires = connection.execute(select(centre_outbox.c.wire).where(centre_outbox.c.kind == "decision")).scalars()
        envelope = open_sealed(next(wires), centre.terminal.centre_key)
        actions = list(connection.execute(select(audit.c.action)).scalars())
    assert (row.state, row.outcome, row.decision_id) == ("decided", "admitted", item.decision_id)
    message = DecisionMessage.model_validate(envelope.payload)
    assert message.record_json.encode() == item.record
    assert centre.woken == 1
    assert {"login", "signature.open", "exam.read", "exam.decide"} <= set(actions)


def test_openssl_verifies_the_export_and_finds_one_changed_byte(
    centre: ConsoleCentre, zoya: Browser, tmp_path: Path
) -> None:
    exam_id = centre.exam()
    zoya.decide(exam_id, outcome="admitted")
    folder = tmp_path / "export"
    export(centre.engine, Trust(centre.config.keys.authority_dir), _decision(centre, exam_id).decision_id, folder)

    def openssl() -> int:
        command = "openssl cms -verify -binary -inform DER -in decision.cms -content record.json -CAfile ca.pem"
        return subprocess.run(
            [*command.split(), "-purpose", "any", "-out", "verified"], cwd=folder, capture_output=True, check=False
        ).returncode

    assert openssl() == 0
    assert (folder / "verified").read_bytes() == (folder / "record.json").read_bytes()
    changed = bytearray((folder / "record.json").read_bytes())
    changed[len(changed) // 2] ^= 1
    (folder / "record.json").write_bytes(changed)
    assert openssl() != 0


def test_files_of_the_signature_come_from_the_console(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    zoya.decide(exam_id, outcome="admitted")
    item = _decision(centre, exam_id)
    base = f"/exams/{exam_id}/decision/{item.decision_id}"

    assert zoya.get(f"{base}/decision.cms").content == item.cms
    assert zoya.get(f"{base}/record.json").content == item.record
    assert zoya.get(f"{base}/ca.pem").content == centre.authority.ca_pem
    assert zoya.get(f"{base}/ca.key").status_code == 404
    assert zoya.get(f"/exams/{centre.exam()}/decision/{item.decision_id}/record.json").status_code == 404


def test_decided_exam_is_not_decided_again(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303

    second = zoya.decide(exam_id, outcome="not_admitted", reasons="complaints")

    assert second.status_code == 409
    assert "решение уже принято" in second.text
    with reading(centre.engine) as connection:
        assert len(decisions.of_exam(connection, exam_id)) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "outcome"),
        ({"outcome": "anything"}, "outcome"),
        ({"outcome": "not_admitted"}, "reasons"),
        ({"outcome": "not_admitted", "reasons": "invented"}, "reasons"),
        ({"outcome": "not_admitted", "reasons": "other"}, "comment"),
        ({"outcome": "repeat"}, "repeat_step"),
        ({"outcome": "refer"}, "reasons"),
        ({"outcome": "not_identified", "comment": "x" * 2001}, "comment"),
    ],
)
def test_incomplete_form_says_what_is_missing_and_keeps_what_was_typed(
    centre: ConsoleCentre, zoya: Browser, fields: dict[str, str], field: str
) -> None:
    exam_id = centre.exam()
    answer = zoya.decide(exam_id, **({"released_text": "обратитесь <в медпункт>"} | fields))

    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert "обратитесь &lt;в медпункт&gt;" in answer.text
    with reading(centre.engine) as connection:
        assert decisions.of_exam(connection, exam_id) == []


def test_admission_against_the_rules_needs_a_reason(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam(systolic_mmhg=162)
    assert zoya.decide(exam_id, outcome="admitted").status_code == 422

    assert zoya.decide(exam_id, outcome="admitted", override_reason="Личная норма").status_code == 303
    assert json.loads(_decision(centre, exam_id).record)["decision"]["override_reason"] == "Личная норма"


def test_old_measurements_admit_nobody(centre: ConsoleCentre, zoya: Browser) -> None:
    started = centre.now().replace(microsecond=0)
    exam_id = centre.exam(started_at=started.replace(year=started.year - 1))
    answer = zoya.decide(exam_id, outcome="admitted")
    assert answer.status_code == 422
    assert "нужен новый осмотр" in answer.text


def test_intoxication_alerts_the_employer(centre: ConsoleCentre, zoya: Browser) -> None:
    drunk, ill = centre.exam("1004"), centre.exam("1001")
    zoya.decide(drunk, outcome="not_admitted", reasons="alcohol_breath")
    zoya.decide(ill, outcome="not_admitted", reasons="temperature_high")
    with reading(centre.engine) as connection:
        rows = connection.execute(select(alert)).all()
    assert [(row.exam_id, row.employer_id) for row in rows] == [(drunk, centre.people.employers[0])]


def test_repeat_opens_the_exam_again_with_the_next_revision(centre: ConsoleCentre, zoya: Browser) -> None:
    payload = centre.payload()
    exam_id = centre.receive(payload)
    assert zoya.decide(exam_id, outcome="repeat", repeat_step="pressure").status_code == 303
    assert zoya.get("/queue.json").json() == {"waiting": []}

    centre.receive(payload | {"revision": 2})

    (row,) = zoya.get("/queue.json").json()["waiting"]
    assert (row["exam_id"], row["revision"]) == (exam_id, 2)
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303


def test_revision_that_came_while_looking_refuses_the_decision(centre: ConsoleCentre, zoya: Browser) -> None:
    payload = centre.payload()
    exam_id = centre.receive(payload)
    with reading(centre.engine) as connection:
        seen = connection.execute(select(exam.c.message_id).where(exam.c.exam_id == exam_id)).scalar_one()
    centre.receive(payload | {"revision": 2})
    answer = zoya.decide(exam_id, outcome="admitted", exam_message_id=seen)
    assert answer.status_code == 409
    assert "осмотр продолжился" in answer.text


def test_closed_key_leads_to_the_key_and_back_with_everything_typed(centre: ConsoleCentre, browser: Browser) -> None:
    exam_id = centre.exam()
    browser.log_in("zoya", unlock=False)

    answer = browser.decide(exam_id, outcome="not_admitted", reasons="complaints", comment="головная боль")
    assert answer.headers["location"] == "/signature"
    opened = browser.post("/signature", {"passphrase": "key of the medic"})
    assert opened.headers["location"] == f"/exams/{exam_id}"

    shown = browser.get(f"/exams/{exam_id}").text
    assert "головная боль" in shown
    assert 'value="complaints" checked' in shown
    with reading(centre.engine) as connection:
        assert decisions.of_exam(connection, exam_id) == []


def test_session_that_ended_in_mid_decision_loses_nothing_typed(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    page = zoya.get(f"/exams/{exam_id}").text
    token = page.split('name="csrf" value="')[1].split('"')[0]
    zoya.http.cookies.delete("dopusk_session")

    refused = zoya.http.post(
        f"/exams/{exam_id}/decision", data={"csrf": token, "outcome": "refer", "comment": "к врачу"}
    )
    assert refused.status_code == 401
    draft = refused.text.split('name="draft" value="')[1].split('"')[0]
    csrf = refused.text.split('name="csrf" value="')[1].split('"')[0]
    back = zoya.http.post("/login", data={"csrf": csrf, "draft": draft, "username": "zoya", "password": PASSWORD})

    assert back.headers["location"] == f"/exams/{exam_id}"
    shown = zoya.get(f"/exams/{exam_id}").text
    assert "к врачу" in shown
    assert 'value="refer" checked' in shown
    with reading(centre.engine) as connection:
        assert decisions.of_exam(connection, exam_id) == []


def test_register_entry_that_lapsed_forbids_signing(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    with writing(centre.engine) as connection:
        connection.execute(medic.update().values(training_hours=12))
    answer = zoya.decide(exam_id, outcome="admitted")
    assert answer.status_code == 403
    assert "не менее 36 часов" in answer.text
    with reading(centre.engine) as connection:
        assert decisions.of_exam(connection, exam_id) == []


def test_revoked_certificate_signs_nothing(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    zoya.decide(exam_id, outcome="admitted")
    centre.authority.revoke(_decision(centre, exam_id).certificate_serial)
    centre.shift = centre.shift.__class__(seconds=2)

    answer = zoya.decide(centre.exam(), outcome="admitted")

    assert answer.status_code == 403
    assert "revoked" in answer.text


def test_two_medics_do_not_decide_one_exam(centre: ConsoleCentre, foma: Browser, zoya: Browser) -> None:
    exam_id = centre.exam()
    assert zoya.post(f"/exams/{exam_id}/claim", {}, page=f"/exams/{exam_id}").status_code == 303

    refused = foma.decide(exam_id, outcome="admitted")
    assert refused.status_code == 409
    assert "Луговая Зоя Марковна" in foma.get("/queue").text

    zoya.post(f"/exams/{exam_id}/release", {}, page=f"/exams/{exam_id}")
    assert foma.decide(exam_id, outcome="admitted").status_code == 303
    assert zoya.decide(exam_id, outcome="admitted").status_code == 409


def test_foreign_exam_is_not_seen(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    with writing(centre.engine) as connection:
        connection.execute(accounts.account.update().values(orgs=["another"]))
    assert zoya.get(f"/exams/{exam_id}").status_code == 404
    assert zoya.get("/queue.json").json() == {"waiting": []}


def test_unfinished_exam_is_shown_and_not_decided(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam(state="unfinished", end_reason="interrupted", measurements=[])
    assert "прерван" in zoya.get(f"/exams/{exam_id}").text
    assert zoya.decide(exam_id, outcome="admitted").status_code == 409


def test_script_in_a_complaint_stays_text(centre: ConsoleCentre, zoya: Browser) -> None:
    evil = {"feels_well": False, "codes": [], "text": "<script>alert(1)</script>"}
    exam_id = centre.exam(complaints=evil)
    for path in (f"/exams/{exam_id}", "/queue"):
        text = zoya.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_correction_is_a_new_record_that_names_the_old_one(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    zoya.decide(exam_id, outcome="admitted")
    first = _decision(centre, exam_id)
    assert (
        zoya.decide(exam_id, outcome="not_admitted", reasons="complaints", corrects=first.decision_id).status_code
        == 422
    )

    done = zoya.decide(
        exam_id, outcome="not_admitted", reasons="complaints", comment="ошибка", corrects=first.decision_id
    )

    assert done.status_code == 303
    second = _decision(centre, exam_id)
    assert second.corrects == first.decision_id
    assert json.loads(second.record)["decision"]["corrects"] == first.decision_id
    stale = zoya.decide(exam_id, outcome="admitted", comment="ещё", corrects=first.decision_id)
    assert stale.status_code == 409
