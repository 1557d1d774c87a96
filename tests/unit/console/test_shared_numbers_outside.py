"""The same two employers with one number, as programs and the command line see them.

Every route of the interface and every command of `dopusk central` is walked. A new one is red until somebody has looked whether it
shows a worker, and then whether it shows the right employer's.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select
from typer.main import get_command
from typer.testing import CliRunner

from central.core.rights import Role
from central.store.engine import reading
from central.store.grounds import ground as ground_table
from central.store.workers import identities
from dopusk.commands.central_group import app as central_app
from dopusk.lab.demo.sample_people import EMPLOYERS, ORG
from sync.contract.model import utc_text
from tests.console_centre import Browser, ConsoleCentre
from tests.unit.console.test_shared_numbers import (
    DOUBLE,
    KEYS,
    NAMES,
    NUMBER,
    ONE,
    OTHER,
    WHO,
    Sample,
    _confused,
    _lines,
    sample,
)

__all__ = ["sample"]
ELSEWHERE = {
    ("post", "/gates/{gate}/passages"),
    ("post", "/gates/{gate}/passages/{request_id}/result"),
    ("post", "/observations"),
    ("get", "/workers/{external_id}"),
    ("put", "/workers/{external_id}"),
    ("delete", "/workers/{external_id}"),
    ("post", "/workers:batch"),
    ("put", "/shifts"),
}
"""A gate asks by the number with the key of its employer: `test_gates.py`. A reading names it: `test_self_readings.py`. What keeps
workers and shifts names the key of another system, and has a scope of its own: `test_api_workers.py`."""
SHOWS = {
    ("export", "journal"),
    ("export", "workers"),
    ("import", "workers"),
    ("import", "grounds"),
    ("import", "history"),
}
"""Commands that show workers, or find them by number."""
SHOWS_NOBODY = {
    ("views",),
    ("keys", "add"),
    ("keys", "list"),
    ("keys", "revoke"),
    ("init",), ("migrate",), ("serve",), ("ingest",), ("backup",), ("restore",), ("rebuild",), ("populate",),
    ("user", "add"), ("user", "list"), ("user", "disable"), ("user", "password"), ("user", "reset-factor"),
    ("terminals", "add"), ("terminals", "code"), ("terminals", "revoke"), ("terminals", "bind"), ("terminals", "list"),
    ("certificates", "list"), ("certificates", "renew"), ("certificates", "broker"), ("certificates", "organisation"),
    ("stamps", "renew"), ("medic", "list"), ("medic", "revoke"),
    ("register", "organisation"), ("register", "medic"), ("export", "medics"), ("import", "medics"),
    ("import", "organisations"), ("import", "map"), ("waybills", "list"), ("waybills", "check"), ("gates", "list"),
    ("carriers", "list"), ("carriers", "link"), ("carriers", "lost"),
}  # fmt: skip
"""Commands of processes, accounts, terminals, medics and books; lists of waybills and gates name files and gates. Those that can be
run without changing anything are, below; the others are run by `test_trail.py`."""
READS = [
    ("migrate",), ("user", "list"), ("terminals", "list"), ("certificates", "list"), ("medic", "list"), ("waybills", "list"),
    ("gates", "list"), ("carriers", "list"), ("books", "list"),
]  # fmt: skip
BY_ID = {("export", "decision"), ("import", "exams"), ("dossier",)}
"""A signed record, records that name their worker by id, and the dossier of one exam."""


def _commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*before, name))
        else:
            yield (*before, name)


def _key(centre: ConsoleCentre, browser: Browser, place: int) -> str:
    fields = {
        "name": f"турникет {place}",
        "employer_id": centre.people.employers[place],
        "scopes": ["admissions:read", "exams:read"],
    }
    page = browser.post("/accounts/keys", fields, page="/accounts").text
    return page.split('class="code">')[1].split("<")[0]


def _said(answer: Any) -> Iterator[dict[str, Any]]:
    """Everything that an answer says of somebody by number."""
    if isinstance(answer, list):
        for one in answer:
            yield from _said(one)
    elif isinstance(answer, dict):
        if "personnel_number" in answer:
            yield answer
        for one in answer.values():
            yield from _said(one)


def test_every_route_of_the_interface_shows_the_keys_own_workers(
    centre: ConsoleCentre, address: str, browser: Browser, sample: Sample
) -> None:
    centre.add_account("admin", Role.ADMINISTRATOR)
    browser.log_in("admin", unlock=False)
    with reading(centre.engine) as connection:
        numbers = [
            {row["personnel_number"] for row in identities(connection, ORG) if row["employer_id"] == employer_id}
            for employer_id in centre.people.employers[:2]
        ]
    described = httpx.get(f"{address}/api/v1/openapi.json").json()["paths"]
    routes = {(method, path) for path, methods in described.items() for method in methods}
    shown = set()
    for place in (0, 1):
        client = {"headers": {"Authorization": f"Bearer {_key(centre, browser, place)}"}}
        own = {WHO[key][1]: key for key in KEYS if WHO[key][2] == place}
        for method, path in sorted(routes - ELSEWHERE):
            for number in (NUMBER, "6001", "6002"):
                since = {
                    "since": utc_text(centre.now() - timedelta(hours=20)),
                    "limit": 1000,
                    "personnel_number": number,
                }
                asked = f"{address}/api/v1{path.format(personnel_number=number)}"
                answer = httpx.request(method, asked, params=since, **client)  # type: ignore[arg-type]
                if number not in own and "{" in path:
                    assert answer.status_code == 404, (path, number)
                    continue
                assert answer.status_code == 200, (path, answer.text)
                for one in _said(answer.json()):
                    said = one["personnel_number"]
                    assert said in numbers[place], (path, said)
                    if said in own and one.get("exam_id"):
                        key = own[said]
                        assert one["exam_id"] in {sample.exams[key], sample.waiting[key]}, path
                        shown.add((method, path))
    assert shown == routes - ELSEWHERE


def _printed(centre: ConsoleCentre, *words: str) -> str:
    done = CliRunner().invoke(central_app, [*words, "-c", str(centre.folder / "central.toml")])
    # Some end with 1 where something is due.
    assert done.exit_code in {0, 1}, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.output


def test_a_command_that_is_about_nobody_names_nobody_and_one_by_id_names_its_own(
    centre: ConsoleCentre, sample: Sample, tmp_path: Path
) -> None:
    for command in READS:
        said = _printed(centre, *command)
        assert not [name for name in NAMES.values() if name in said], command
        assert not re.search(rf"\b{NUMBER}\b", said), command
    for key in ("one", "other"):
        mine, others = NAMES[WHO[key][0]], {NAMES[name] for name in (ONE, OTHER, DOUBLE)} - {NAMES[WHO[key][0]]}
        values = sample.values[key]
        _printed(centre, "export", "decision", values["decision_id"], str(tmp_path / f"decision-{key}"))
        _printed(centre, "dossier", str(tmp_path / f"dossier-{key}"), "--exam", sample.exams[key])
        for folder in (f"decision-{key}", f"dossier-{key}"):
            files = [
                path for path in (tmp_path / folder).rglob("*") if path.suffix in {".json", ".txt", ".html", ".csv"}
            ]
            whole = " ".join(path.read_text(encoding="utf-8") for path in files)
            assert files, folder
            assert not [name for name in others if name in whole], folder
            assert values["worker_id"] in whole or mine in whole, folder


def test_every_command_that_shows_a_worker_shows_the_right_employers(
    centre: ConsoleCentre, sample: Sample, tmp_path: Path
) -> None:
    assert {*_commands(get_command(central_app))} - {
        command for command in _commands(get_command(central_app)) if command[0] == "books"
    } == SHOWS | SHOWS_NOBODY | BY_ID

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(central_app, [*words, "--org", ORG, "-c", str(centre.folder / "central.toml")])
        assert done.exit_code == code, done.output
        return done.output

    for name in ("journal.csv", "journal.xlsx", "workers.xlsx"):
        file = tmp_path / name
        run("export", file.stem, str(file))
        kind = "text/csv" if file.suffix == ".csv" else ""
        whole, rows = _lines(httpx.Response(200, content=file.read_bytes(), headers={"content-type": kind}))
        assert sum(NUMBER in row for row in rows) >= 2, name
        assert _confused(whole, rows, "one") == [], name

    heads = "Табельный номер;ФИО;Должность;Работодатель"
    (tmp_path / "w.csv").write_text(f"{heads}\n{NUMBER};{WHO['other'][0]};токарь;{EMPLOYERS[1]}\n", encoding="utf-8")
    run("import", "workers", str(tmp_path / "w.csv"))
    with reading(centre.engine) as connection:
        named = {row["worker_id"]: row["employer_id"] for row in identities(connection, ORG)}
        assert named[sample.ids["other"]] == centre.people.employers[1]
    ground = "Табельный номер;Вид;Дата;Только очно;Источник;Работодатель"
    for employer, code in (("", 1), (EMPLOYERS[1], 0)):
        line = f"{NUMBER};прочее;01.02.2026;нет;ПМО;{employer}"
        (tmp_path / "g.csv").write_text(f"{ground}\n{line}\n", encoding="utf-8")
        run("import", "grounds", str(tmp_path / "g.csv"), code=code)
    with reading(centre.engine) as connection:
        entered = select(ground_table.c.worker_id).where(ground_table.c.source == "ПМО")
        assert list(connection.execute(entered).scalars()) == [sample.ids["other"]]
