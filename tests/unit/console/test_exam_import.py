"""Examinations from a file by the console: checked without storing, imported once, faults given back."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from central.core.rights import Role
from central.imports.exams import HEADINGS
from central.imports.tables import write_table
from central.jobs import queue
from central.store import jobs as store
from central.store.audit import audit
from central.store.engine import reading, writing
from central.store.exams import exam
from dopusk.commands.central_group import app
from dopusk.lab.demo.sample_people import ORG
from sync.contract.exam import EXAM_SCHEMA
from tests.console_centre import Browser, ConsoleCentre
from tests.job_processes import DoneHere
from tests.waiting import until


@pytest.fixture
def _done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "JobProcess", DoneHere)


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("starshaya", unlock=False)


def _message(centre: ConsoleCentre, number: str = "1001") -> str:
    _, sealed = centre.terminal.seal(EXAM_SCHEMA, centre.payload(number))
    return sealed.wire.decode("utf-8")


def _line(message: str, org: str = ORG) -> bytes:
    return f'{{"org": "{org}", "message": {message}}}\n'.encode()


def _send(browser: Browser, content: bytes) -> httpx.Response:
    token = browser.get("/imports/exams").text.split('name="csrf" value="')[1].split('"')[0]
    return browser.http.post("/imports/exams", data={"csrf": token}, files={"file": ("exams.jsonl", content)})


def _page(browser: Browser, answer: httpx.Response) -> tuple[str, str]:
    assert answer.status_code == 303, answer.text
    path = str(answer.headers["location"])
    assert until(lambda: "data-job" not in browser.get(path).text)
    return path, browser.get(path).text


def _exams(centre: ConsoleCentre) -> int:
    with reading(centre.engine) as connection:
        return int(connection.execute(select(func.count()).select_from(exam)).scalar_one())


def test_checked_first_then_imported_once(centre: ConsoleCentre, senior: Browser) -> None:
    content = _line(_message(centre)) + _line(_message(centre, "1002"))
    path, page = _page(senior, _send(senior, content))
    assert "Загрузить 2" in page
    assert _exams(centre) == 0
    path, page = _page(senior, senior.post(f"{path}/import", {}, page=path))
    assert "Загружено осмотров: 2" in page
    assert _exams(centre) == 2
    _, page = _page(senior, _send(senior, content))
    assert "Загрузить 2" not in page, "they are there already"
    assert _exams(centre) == 2
    with reading(centre.engine) as connection:
        actions = list(connection.execute(select(audit.c.action).where(audit.c.action.like("exams.%"))).scalars())
    assert sorted(actions) == ["exams.check", "exams.check", "exams.import"]


@pytest.mark.usefixtures("_done_here")
def test_each_bad_row_is_named_and_given_back(centre: ConsoleCentre, senior: Browser) -> None:
    good = _message(centre)
    broken = json.loads(good)
    broken["payload"] = broken.get("payload", {}) | {"exam_type": "pre_trip"}
    content = _line(good) + b"nonsense\n" + _line(json.dumps(broken)) + _line(_message(centre), org="rassvet")
    path, page = _page(senior, _send(senior, content))
    assert "Загрузить 1" in page
    for said in ("не та запись", "Строка – не запись JSON", "чужая медорганизация", "«rassvet» не из вашей"):
        assert said in page
    answer = senior.get(f"{path}/errors")
    lines = [json.loads(line) for line in answer.content.decode("utf-8").splitlines()]
    assert len(lines) == 3
    assert all(line["error"] for line in lines)
    _, page = _page(senior, senior.post(f"{path}/import", {}, page=path))
    assert _exams(centre) == 1
    assert "Загружено осмотров: 1" in page


@pytest.mark.usefixtures("_done_here")
def test_workbook_gives_a_workbook_back(centre: ConsoleCentre, senior: Browser) -> None:
    rows = [[ORG, _message(centre)], [ORG, "{}"]]
    path, page = _page(senior, _send(senior, write_table(HEADINGS, rows)))
    assert "Загрузить 1" in page
    assert senior.get(f"{path}/errors").content.startswith(b"PK")


@pytest.mark.usefixtures("_done_here")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 no archive", "не таблица XLSX"),
        (b"\n\n", "ни одной строки"),
        (write_table(["Колонка"], [["1"]]), "Нет столбцов"),
    ],
)
def test_what_is_no_file_of_examinations_is_refused_in_words(senior: Browser, content: bytes, said: str) -> None:
    _, page = _page(senior, _send(senior, content))
    assert said in page


def test_no_file_is_said_at_once(senior: Browser) -> None:
    answer = _send(senior, b"")
    assert answer.status_code == 422
    assert "Файл не выбран" in answer.text


@pytest.mark.usefixtures("_done_here")
def test_nobody_else_sees_the_import_or_runs_it(centre: ConsoleCentre, senior: Browser, address: str) -> None:
    path, _ = _page(senior, _send(senior, _line(_message(centre))))
    centre.add_account("drugaya", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as other:
        other.log_in("drugaya", unlock=False)
        assert other.get(path).status_code == 404
        assert other.post(f"{path}/import", {}, page="/imports/exams").status_code == 404
    assert _exams(centre) == 0


@pytest.mark.usefixtures("_done_here")
def test_an_import_that_was_killed_says_what_stays(centre: ConsoleCentre, senior: Browser) -> None:
    path, _ = _page(senior, _send(senior, _line(_message(centre))))
    path, _ = _page(senior, senior.post(f"{path}/import", {}, page=path))
    with writing(centre.engine) as connection:
        ended = {"state": "failed", "result": {"fault": "killed", "detail": "SIGKILL"}}
        assert store.change(connection, path.rsplit("/", 1)[1], ["done"], ended)
    page = senior.get(path).text
    assert "Операционная система прервала процесс этой работы" in page
    assert "Осмотры, загруженные до этого, остались" in page


def test_an_import_of_what_was_not_checked_is_not_there(senior: Browser) -> None:
    path = "/imports/exams/00000000-0000-7000-8000-000000000000"
    assert senior.post(f"{path}/import", {}, page="/imports/exams").status_code == 404


@pytest.mark.usefixtures("_done_here")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_taken_with_the_mark_that_editors_put_before_it(
    centre: ConsoleCentre, senior: Browser, encoding: str
) -> None:
    content = _line(_message(centre)).decode().encode(encoding)
    path, page = _page(senior, _send(senior, content))
    assert f'href="{path}/errors"' not in page
    assert senior.post(f"{path}/import", {}, page=path).status_code == 303
    assert until(lambda: _exams(centre) == 1)


_HALF = "\\ud800"
_HALVES = [
    f'{{"org": "{ORG}", "message": {{"x": "{_HALF}"}}}}',
    f'{{"org": "{ORG}", "message": {{"terminal_id": "{_HALF}"}}}}',
    f'{{"org": "{_HALF}", "message": {{"terminal_id": "kiosk-1"}}}}',
    f'{{"org": "{ORG}", "message": {{"terminal_id": "kiosk-1", "schema": "{_HALF}", "{_HALF}": 1}}}}',
    f'{{"org": "{ORG}", "message": "{_HALF}"}}',
    f'["{_HALF}"]',
]


@pytest.mark.usefixtures("_done_here")
def test_half_a_character_is_refused_in_its_row_and_stops_no_other(centre: ConsoleCentre, senior: Browser) -> None:
    content = "\n".join(_HALVES).encode() + b"\n" + _line(_message(centre))
    path, page = _page(senior, _send(senior, content))
    assert "Внутренняя ошибка" not in page
    answer = senior.get(f"{path}/errors")
    lines = [json.loads(line) for line in answer.content.decode("utf-8").splitlines()]
    assert len(lines) == len(_HALVES)
    assert json.loads(_HALVES[0])["message"] in [line.get("message") for line in lines], "the row stays what it was"
    assert senior.post(f"{path}/import", {}, page=path).status_code == 303
    assert until(lambda: _exams(centre) == 1)


def test_half_a_character_is_refused_by_the_command_too(centre: ConsoleCentre, tmp_path: Path) -> None:
    file, faults = tmp_path / "exams.jsonl", tmp_path / "faults.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + _line(_message(centre)) + "\n".join(_HALVES).encode())
    config = ["--config", str(centre.folder / "central.toml")]
    done = CliRunner().invoke(app, ["import", "exams", str(file), "--errors", str(faults), *config])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert "accepted 1, refused 6" in done.output
    assert len(faults.read_text(encoding="utf-8").splitlines()) == len(_HALVES)
