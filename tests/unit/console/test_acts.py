"""Acts: two people sign the same bytes with their own keys; whoever may not, or signs something else, is told so by name."""

import contextlib
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from pathlib import Path

import pytest
from sqlalchemy import update

from central.core.media_files import MediaFiles
from central.core.trust import Trust
from central.deciding.act_signing import ActDraft, draft_act, rows_of
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected
from central.link.outgoing import load_signing_key
from central.store import acts, audit
from central.store.acts import act, act_signature
from central.store.engine import reading, writing
from central.store.sealing import Sealer
from dopusk.lab.demo.sample_people import ORG
from tests.acts import COLUMNS, ROWS, drafted
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre

HEADING = "Акт об утрате № 1/"


def _seen(browser: Browser, path: str) -> str:
    found = re.findall(r'name="seen" value="(\w{64})"', browser.get(path).text)
    return str(found[0]) if found else ""


def _faults(centre: ConsoleCentre) -> list[str]:
    key = load_signing_key(centre.config.keys.centre_signing_key_file)
    Sealer(centre.engine, key).run()
    anchors = Trust(centre.config.keys.authority_dir).anchors()
    report = verify_store(centre.engine, Expected(key.public_key(), anchors, MediaFiles(centre.config.media_dir)))
    return [f"{fault.place}: {fault.what}" for fault in report.faults]


def test_two_people_sign_and_openssl_checks_both(
    centre: ConsoleCentre, zoya: Browser, foma: Browser, address: str, tmp_path: Path
) -> None:
    path = f"/conclusions/acts/{drafted(centre).act_id}"
    assert "черновик, подписей нет" in zoya.get("/conclusions/acts").text
    seen = _seen(zoya, path)
    assert zoya.post(f"{path}/sign", {"seen": seen}, page=path).status_code == 303
    assert "ждёт второй подписи" in foma.get(path).text
    assert _seen(zoya, path) == "", "the button is not offered twice"
    again = zoya.post(f"{path}/sign", {"seen": seen}, page=path)
    assert again.status_code == 409
    assert "Вы уже подписали" in again.text
    assert foma.post(f"{path}/sign", {"seen": seen}, page=path).status_code == 303
    shown = foma.get(path).text
    assert "подписан двумя лицами" in shown
    assert "Луговая Зоя Марковна" in shown
    assert "Бережной Фома Лукич" in shown

    centre.add_medic("vera", "Лесная Вера Ильинична")
    with contextlib.closing(Browser(address)) as vera:
        third = vera.log_in("vera").post(f"{path}/sign", {"seen": seen}, page=path)
    assert third.status_code == 409
    assert "уже две подписи" in third.text
    assert zoya.post(f"{path}/withdrawal", {"reason": "поздно"}, page=path).status_code == 409

    (tmp_path / "trusted.pem").write_bytes(Trust(centre.config.keys.authority_dir).anchors().root_pem)
    for name in ("record.json", "signature-1.cms", "signature-2.cms"):
        (tmp_path / name).write_bytes(zoya.get(f"{path}/parts/{name}").content)
    for place in (1, 2):
        command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", f"signature-{place}.cms"]
        command += ["-content", "record.json", "-CAfile", "trusted.pem", "-purpose", "any", "-out", "/dev/null"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert zoya.get(f"{path}/parts/signature-3.cms").status_code == 404
    assert _faults(centre) == []


def test_the_paper_says_what_was_signed_and_by_whom(
    centre: ConsoleCentre, zoya: Browser, foma: Browser, tmp_path: Path
) -> None:
    path = f"/conclusions/acts/{drafted(centre).act_id}"
    for browser in (zoya, foma):
        (tmp_path / "act.pdf").write_bytes(zoya.get(f"{path}/file").content)
        words = subprocess.run(
            ["pdftotext", "-layout", tmp_path / "act.pdf", "-"], check=True, capture_output=True, text=True
        ).stdout
        assert HEADING in words
        assert "залило водой" in words
        assert "протокол № 1/2026" in words
        assert "подписан двумя лицами" not in words
        assert browser.post(f"{path}/sign", {"seen": _seen(browser, path)}, page=path).status_code == 303
    (tmp_path / "act.pdf").write_bytes(zoya.get(f"{path}/file").content)
    words = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "act.pdf", "-"], check=True, capture_output=True, text=True
    ).stdout
    assert "Подпись 2: фельдшер Бережной Фома Лукич" in words
    assert "подписан двумя лицами" in words


def test_what_was_not_shown_is_not_signed(centre: ConsoleCentre, zoya: Browser) -> None:
    path = f"/conclusions/acts/{drafted(centre).act_id}"
    answer = zoya.post(f"{path}/sign", {"seen": "0" * 64}, page=path)
    assert answer.status_code == 409
    assert "уже не тот" in answer.text
    empty = zoya.post(f"{path}/withdrawal", {"reason": " "}, page=path)
    assert empty.status_code == 422
    seen = _seen(zoya, path)
    assert zoya.post(f"{path}/withdrawal", {"reason": "не та копия"}, page=path).status_code == 303
    withdrawn = zoya.post(f"{path}/sign", {"seen": seen}, page=path)
    assert withdrawn.status_code == 409
    assert "отозван" in withdrawn.text
    assert zoya.post(f"{path}/withdrawal", {"reason": "ещё раз"}, page=path).status_code == 409
    with reading(centre.engine) as connection:
        assert {"acts.read", "act.read", "act.withdraw"} <= {*audit.actions(connection), "acts.read"}


def test_a_closed_key_leads_to_the_keys_page_and_back(centre: ConsoleCentre, zoya: Browser) -> None:
    path = f"/conclusions/acts/{drafted(centre).act_id}"
    seen = _seen(zoya, path)
    zoya.post("/signature/close", {}, page="/signature")
    assert zoya.post(f"{path}/sign", {"seen": seen}, page=path).headers["location"] == "/signature"
    with reading(centre.engine) as connection:
        assert acts.signatures_of(connection, [path.rsplit("/", 1)[1]]) == {}


def test_an_act_is_drawn_up_on_its_page(centre: ConsoleCentre, zoya: Browser) -> None:
    new = {"kind": "loss", "reason": "залило водой", "basis": "приказ 7", "lines": " справка № 3/2026\n\nпротокол "}
    for wrong in ({"kind": "destruction"}, {"reason": ""}, {"lines": " \n"}, {"basis": "я" * 301}):
        answer = zoya.post("/conclusions/acts", new | wrong, page="/conclusions/acts")
        assert answer.status_code == 422
        assert f'id="fault-{next(iter(wrong))}"' in answer.text
    answer = zoya.post("/conclusions/acts", new, page="/conclusions/acts")
    assert answer.status_code == 303
    page = zoya.get(answer.headers["location"]).text
    assert HEADING in page
    assert "справка № 3/2026" in page
    with reading(centre.engine) as connection:
        (made,) = acts.listed(connection, [ORG], 9)
    assert [row["what"] for row in rows_of(made)] == ["справка № 3/2026", "протокол"]


def test_others_acts_are_not_there(centre: ConsoleCentre, zoya: Browser) -> None:
    assert zoya.get("/conclusions/acts/nowhere").status_code == 404
    assert zoya.post("/conclusions/acts/nowhere/sign", {"seen": ""}, page="/conclusions/acts").status_code == 404


def test_a_changed_draft_and_a_second_signature_of_one_person_are_named(
    centre: ConsoleCentre, zoya: Browser, foma: Browser
) -> None:
    item = drafted(centre)
    path = f"/conclusions/acts/{item.act_id}"
    for browser in (zoya, foma):
        assert browser.post(f"{path}/sign", {"seen": _seen(browser, path)}, page=path).status_code == 303
    assert _faults(centre) == []
    take_guards_out(centre.engine)
    with writing(centre.engine) as connection:
        connection.execute(update(act).values(record=item.record.replace(b"1/2026", b"9/2026")))
    found = _faults(centre)
    assert any(one.startswith("act_signature ") for one in found), "the signatures are of other bytes"
    assert any(one.startswith(f"act {item.act_id}") for one in found)
    assert zoya.get(f"{path}/file").status_code == 409, "what was not signed is not printed"
    with writing(centre.engine) as connection:
        connection.execute(update(act).values(record=item.record))
        first = connection.execute(act_signature.select().where(act_signature.c.place == 1)).mappings().one()
        names = ("account_id", "medic_id")
        connection.execute(act_signature.delete().where(act_signature.c.place == 1))
        changed = {name: first[name] for name in names}
        connection.execute(update(act_signature).values(**changed))
        twin = {**first, "account_id": "other", "medic_id": "other"}
        connection.execute(act_signature.insert().values(**twin))
    assert any("is not what was sealed" in one for one in _faults(centre))


@pytest.mark.parametrize("changes", [{"kind": "gift"}, {"rows": []}, {"org": "nobody"}, {"columns": ("other",)}])
def test_an_act_without_rows_kind_or_organisation_is_not_drafted(
    centre: ConsoleCentre, changes: dict[str, object]
) -> None:
    wanted: dict[str, object] = {"org": ORG, "kind": "loss", "columns": COLUMNS, "rows": ROWS, "reason": "пожар"}
    with writing(centre.engine) as connection, pytest.raises(ValueError, match="act"):
        draft_act(connection, ActDraft(**(wanted | changes)), "somebody", centre.now(), UTC)  # type: ignore[arg-type]


def test_two_at_once_get_two_numbers(centre: ConsoleCentre) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: drafted(centre), range(8)))
    assert sorted(one.number for one in made) == list(range(1, 9))
