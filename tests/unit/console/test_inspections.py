"""An inspector sees the exams that an order opens, until its end, and changes nothing; the head prints what was looked at."""

import contextlib
import io
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from central.core.rights import Role
from central.store import accounts, inspections
from central.store.engine import reading
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import Browser, ConsoleCentre

PAGE = "/conclusions/inspections"


@pytest.fixture
def inspector(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """Logged in; nothing is open yet."""
    centre.add_account("proverka", Role.INSPECTOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("proverka", unlock=False)


@pytest.fixture
def head(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The senior medic."""
    centre.add_account("senior", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("senior", unlock=False)


def _order(centre: ConsoleCentre, **changes: str) -> dict[str, str]:
    with reading(centre.engine) as connection:
        account = accounts.by_username(connection, "proverka")
    assert account is not None
    today = centre.now().date()
    return {
        "account_id": account.account_id,
        "basis": "приказ 14-П от 30.11.2026",
        "since_day": f"{today - timedelta(days=3):%Y-%m-%d}",
        # An exam of just before midnight ends after it.
        "until_day": f"{today + timedelta(days=1):%Y-%m-%d}",
        "ends_on": f"{today + timedelta(days=10):%Y-%m-%d}",
    } | changes


def test_an_order_opens_exams_of_its_days_until_its_end(
    centre: ConsoleCentre, zoya: Browser, head: Browser, inspector: Browser, tmp_path: Path
) -> None:
    exam_id = centre.exam("1001")
    old = centre.exam("1002", started_at=centre.now() - timedelta(days=30))
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    assert "Ничего не открыто" in inspector.get("/inspection").text
    assert inspector.get(f"/inspection/exams/{exam_id}").status_code == 404
    for wrong in ("account_id", "basis", "since_day", "until_day", "ends_on"):
        answer = head.post(PAGE, _order(centre, **{wrong: ""}), page=PAGE)
        assert answer.status_code == 422
        assert f'id="fault-{wrong}"' in answer.text
    past = f"{centre.now() - timedelta(days=1):%Y-%m-%d}"
    assert head.post(PAGE, _order(centre, ends_on=past), page=PAGE).status_code == 422, "an end is needed"
    assert head.post(PAGE, _order(centre), page=PAGE).status_code == 303

    shown = inspector.get("/inspection").text
    assert exam_id in shown
    assert old not in shown
    assert inspector.get("/inspection?day=вчера").status_code == 422
    assert inspector.get(f"/inspection/exams/{old}").status_code == 404
    page = inspector.get(f"/inspection/exams/{exam_id}")
    assert page.status_code == 200
    assert "приказ 14-П" in page.text
    packed = zipfile.ZipFile(io.BytesIO(inspector.get(f"/inspection/exams/{exam_id}/dossier").content))
    packed.extractall(tmp_path / "dossier")
    told = subprocess.run(
        ["sh", "check.sh"], cwd=tmp_path / "dossier", capture_output=True, text=True, check=False
    ).stdout
    assert [line for line in told.splitlines() if line.startswith("BAD")] == []
    assert told.splitlines()[-1] == "ALL HOLDS"

    with reading(centre.engine) as connection:
        ((item, _),) = inspections.listed(connection, [ORG], 9)
    (tmp_path / "log.pdf").write_bytes(head.get(f"{PAGE}/{item.inspection_id}/log").content)
    words = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "log.pdf", "-"], check=True, capture_output=True, text=True
    ).stdout
    assert "приказ 14-П" in words
    assert "просмотр осмотра" in " ".join(words.split())
    assert head.post(f"{PAGE}/{item.inspection_id}/end", {}, page=PAGE).status_code == 303
    assert head.post(f"{PAGE}/{item.inspection_id}/end", {}, page=PAGE).status_code == 409
    assert "Ничего не открыто" in inspector.get("/inspection").text
    assert inspector.get(f"/inspection/exams/{exam_id}").status_code == 404


def test_the_access_ends_by_itself(centre: ConsoleCentre, head: Browser, inspector: Browser) -> None:
    exam_id = centre.exam("1001")
    assert head.post(PAGE, _order(centre), page=PAGE).status_code == 303
    assert inspector.get(f"/inspection/exams/{exam_id}").status_code == 200
    centre.shift += timedelta(days=11)
    inspector.log_in("proverka", unlock=False)
    assert inspector.get(f"/inspection/exams/{exam_id}").status_code == 404


def test_who_opens_exams_is_no_medic_and_no_administrator(
    centre: ConsoleCentre, zoya: Browser, inspector: Browser
) -> None:
    for browser in (zoya, inspector):
        assert browser.get(PAGE).status_code == 403
        assert browser.post(PAGE, {}, page="/account").status_code == 403
    assert inspector.get("/queue").status_code == 403
