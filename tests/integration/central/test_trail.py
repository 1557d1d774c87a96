"""Every way in leaves its trace in the access log: each command of `dopusk central`, each form of the console, each enrolment."""

import ast
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from sqlalchemy import select
from typer.main import get_command
from typer.testing import CliRunner

from central.console import routes
from central.core.config import VigilanceConfig, load_config
from central.core.parties import Employer, Worker
from central.core.snils import SnilsKey
from central.link.outgoing import Outgoing
from central.notifying.vigilance import ACCOUNT_CHANGES, EXPORTS, Vigil
from central.people.registry import Registry
from central.store import certificates, security_alerts
from central.store.audit import COMMAND_LINE, audit
from central.store.engine import open_engine, reading, writing
from central.terminals.enrolment import Enrolment
from central.words.texts import LANGUAGES, text
from dopusk.commands.central_group import app
from dopusk.lab.broker import free_port
from dopusk.lab.demo.sample_people import ORG
from tests.integration.central.test_commands import _process
from tests.integration.central.test_enrolment import Installer
from tests.time_stamping import running_tsa

PASSWORD = "не-угадать-1977\n"
TODAY = date.today()  # noqa: DTZ011
SERVICES = {("serve",), ("ingest",)}
"""They run until they are ended; what they do for people is in the log by the hand of who asked for it."""
NOTHING_OF_PEOPLE = {
    ("terminals", "list"),
    ("certificates", "list"),
    ("books", "list"),
    ("waybills", "list"),
    ("gates", "list"),
    ("keys", "list"),
}
"""They read no personal data and write nothing."""


ELSEWHERE = {
    ("export", "decision"),
    ("dossier",),
    ("waybills", "check"),
    ("carriers", "link"),
    ("carriers", "lost"),
}
"""`tests/unit/console/test_commands.py` signs a decision, takes it out and looks into the log, and `test_dossier.py` takes out
all of it. `test_carriers.py` loses a carrier. `waybills check` opens no store: `tests/unit/central/waybills/test_command.py`."""


def _commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*before, name))
        else:
            yield (*before, name)


def _run(*arguments: str, given: str = "") -> Result:
    done = CliRunner().invoke(app, list(arguments), input=given)
    assert done.exit_code in {0, 1}, done.output
    assert not isinstance(done.exception, Exception), done.exception
    return done


class Shell:
    """Somebody with a shell: runs a command and says what it has left in the access log."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "central.toml"
        self.seen: set[str] = set()

    def traces(self) -> list[Any]:
        engine = open_engine(load_config(self.config).store_url)
        try:
            with reading(engine) as connection:
                rows = [row for row in connection.execute(select(audit).order_by(audit.c.audit_id))]
        finally:
            engine.dispose()
        fresh = [row for row in rows if row.audit_id not in self.seen]
        self.seen |= {row.audit_id for row in rows}
        return fresh

    def certificate(self) -> str:
        """The serial number of a medic's certificate."""
        engine = open_engine(load_config(self.config).store_url)
        try:
            with reading(engine) as connection:
                (one,) = certificates.of_organisations(connection, (ORG,))
        finally:
            engine.dispose()
        return one.serial

    def run(self, *arguments: str, given: str = "", code: int = 0) -> list[str]:
        done = _run(*arguments, "-c", str(self.config), given=given)
        assert done.exit_code == code, done.output
        fresh = self.traces()
        assert {(row.account_id, row.address) for row in fresh} <= {(None, COMMAND_LINE)}
        assert all(isinstance(row.detail["uid"], int) for row in fresh)
        return [row.action for row in fresh]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    folder = tmp_path / "centre"
    ports = ["--mqtt-port", str(free_port()), "--http-port", str(free_port())]
    _run("init", str(folder), "--generation", "test", *ports)
    return Shell(folder)


def _enter_worker(shell: Shell) -> None:
    config = load_config(shell.config)
    engine = open_engine(config.store_url)
    registry = Registry(Outgoing.from_config(config), SnilsKey.from_file(config.keys.snils_key_file))
    with writing(engine) as connection:
        employer_id = registry.add_employer(connection, Employer(ORG, "ООО «Ромашка-Транс»"))
        registry.save_workers(connection, [Worker(ORG, employer_id, "1001", "Ветров Степан Ильич", "водитель")])
    engine.dispose()


def test_every_command_leaves_its_trace(shell: Shell, tmp_path: Path) -> None:
    left: dict[tuple[str, ...], list[str]] = {("init",): [row.action for row in shell.traces()]}

    def do(command: str, *arguments: str, given: str = "", code: int = 0) -> list[str]:
        words = tuple(command.split())
        left[words] = shell.run(*words, *arguments, given=given, code=code)
        return left[words]

    assert do("migrate") == ["store.migrate"]
    organisation = [ORG, "--name", "Медпункт Заря", "--licence", "Л041-1", "--oid", "1.2.643.5.1.13.13.12.2.77.99999"]
    assert do("register organisation", *organisation) == ["organisation.add"]
    medic = ["--org", ORG, "--full-name", "Луговая Зоя", "--position", "фельдшер", "--training-hours", "36"]
    days = {"accreditation-until": TODAY + timedelta(days=400), "training-at": TODAY, "federal-register-at": TODAY}
    medic += [word for name, day in days.items() for word in (f"--{name}", day.isoformat())]
    assert do("register medic", *medic, "--passphrase-stdin", given="key of the medic\n") == ["medic.add"]
    assert do("medic list") == ["medics.read"]
    assert do("medic revoke", shell.certificate(), "--reason", "carrier_lost") == ["medic.revoke"]
    assert do("carriers list") == ["medics.read"]
    account = ["zoya", "--role", "administrator", "--full-name", "Зоя", "--org", ORG, "--password-stdin"]
    assert do("user add", *account, given=PASSWORD) == ["account.add"]
    second = ["vera", "--role", "administrator", "--full-name", "Вера", "--password-stdin"]
    assert do("user add", *second, given=PASSWORD) == ["account.add"]
    assert do("user password", "zoya", "--password-stdin", given=PASSWORD) == ["account.reset_password"]
    assert do("user reset-factor", "zoya") == ["account.reset_totp"]
    assert do("user list") == ["accounts.read"]
    assert do("user disable", "zoya") == ["account.disable"]
    place = ["kiosk-7", "--org", ORG, "--name", "Проходная 2", "--place", "Цех 4"]
    assert do("terminals add", *place) == ["terminal.add"]
    assert do("terminals code", "kiosk-7") == ["terminal.code"]
    do("terminals list")
    assert do("terminals bind", "kiosk-7", "--all") == ["terminal.bind"]
    assert do("terminals revoke", "kiosk-7") == ["terminal.revoke"]
    assert do("export workers", str(tmp_path / "workers.xlsx"), "--org", ORG) == ["workers.export"]
    assert do("export journal", str(tmp_path / "journal.csv"), "--org", ORG) == ["journal.export"]
    assert do("import workers", str(tmp_path / "workers.xlsx"), "--org", ORG) == ["workers.import"]
    _enter_worker(shell)
    grounds = tmp_path / "grounds.csv"
    row = f"1001;Периодический;{TODAY:%d.%m.%Y};нет;поликлиника"
    grounds.write_text(f"Табельный номер;Вид;Дата;Только очно;Источник\n{row}\n", encoding="utf-8")
    assert do("import grounds", str(grounds), "--org", ORG) == ["grounds.import"]
    history = tmp_path / "history.csv"
    row = f"1001;{TODAY:%d.%m.%Y};предсменный;допущен;Журнал № 4"
    history.write_text(f"Табельный номер;Дата;Вид осмотра;Заключение;Источник\n{row}\n", encoding="utf-8")
    assert do("import history", str(history), "--org", ORG) == ["history.import"]
    maps = tmp_path / "map.json"
    maps.write_text('{"fio": "full_name"}', encoding="utf-8")
    assert do("import map", str(maps), "--kind", "medics", "--name", "МИС") == ["map.add"]
    medics = tmp_path / "medics.csv"
    medics.write_text("СНИЛС;ФИО\n112-233-445 95;Лесная Вера\n", encoding="utf-8")
    assert do("import medics", str(medics), "--org", ORG, "--missing") == ["medics.import"]
    firms = tmp_path / "organisations.csv"
    firms.write_text("OID;Название\n1.2.643.5.1.13.13.12.2.77.99999;Медпункт Заря\n", encoding="utf-8")
    assert do("import organisations", str(firms)) == ["organisations.import"]
    assert do("export medics", str(tmp_path / "medics.zip"), "--org", ORG, "--plain") == ["medics.export"]
    exams = tmp_path / "exams.jsonl"
    exams.write_text("{}\n", encoding="utf-8")  # one record that is refused
    assert do("import exams", str(exams), code=1) == ["exams.import"]
    do("books list")
    do("waybills list")
    do("gates list")
    do("keys list")
    assert do("keys add", "1C", "--scope", "workers:write", "--org", ORG) == ["key.add"]
    made = CliRunner().invoke(app, ["keys", "list", "--json", "-c", str(shell.config)]).stdout
    assert do("keys revoke", json.loads(made)[0]["key_id"]) == ["key.revoke"]
    assert do("views") == ["views.make"]
    assert do("views", "--drop") == ["views.drop"]
    table = tmp_path / "positions.xlsx"
    assert do("books export", "positions", str(table)) == ["book.export"]
    table.with_suffix(".csv").write_text("Код;По-русски\n1;Водитель\n2;Слесарь\n9;Сторож\n", encoding="utf-8")
    assert do("books import", str(table.with_suffix(".csv"))) == ["book.import"]
    assert do("books publish", "positions", "--basis", "письмо 1 от 01.11.2026") == ["book.publish"]
    with running_tsa(tmp_path / "tsa") as tsa:
        usual = shell.config.read_text(encoding="utf-8")
        words = f'\n[timestamp]\nurl = "{tsa.url}"\nca_file = "{tsa.root_file}"\n'
        shell.config.write_text(usual + words, encoding="utf-8")
        assert do("stamps renew") == ["stamps.renew"]
        shell.config.write_text(usual, encoding="utf-8")
    assert do("certificates organisation", ORG) == ["certificate.organisation"]
    assert do("certificates broker", str(tmp_path / "broker"), "--host", "localhost") == ["certificate.broker"]
    assert do("certificates renew") == ["certificate.centre"]
    do("certificates list")
    assert do("rebuild") == ["store.rebuild"]
    assert do("backup", str(tmp_path / "backup")) == ["store.backup"]
    few = ["--organisations", "1", "--employers", "1", "--workers", "1", "--medics", "1", "--exams", "0"]
    assert do("populate", *few, "--add") == ["store.populate"]
    for path in shell.config.parent.glob("central.db*"):
        path.rename(path.with_name("away-" + path.name))
    assert do("restore", str(tmp_path / "backup")) == ["store.restore"]

    commands = set(_commands(get_command(app)))
    assert commands - SERVICES - ELSEWHERE == left.keys(), "a command unknown here: does it leave its trace?"
    assert {words for words, actions in left.items() if not actions} == NOTHING_OF_PEOPLE
    for language in LANGUAGES:
        for actions in left.values():
            for action in actions:
                assert text(language, f"audit.name.{action}")


def test_the_command_line_by_night_and_in_bulk_is_told(shell: Shell, tmp_path: Path) -> None:
    shell.run("register", "organisation", ORG, "--name", "Медпункт Заря", "--licence", "Л041-1")
    shell.run("export", "workers", str(tmp_path / "workers.xlsx"), "--org", ORG)
    shell.run("user", "add", "zoya", "--role", "auditor", "--full-name", "Зоя", "--password-stdin", given=PASSWORD)
    engine = open_engine(load_config(shell.config).store_url)
    always = VigilanceConfig.model_validate({"night_from": "00:00", "night_until": "23:59:59", "zone": "UTC"})
    with reading(engine) as connection:
        now = connection.execute(select(audit.c.at).order_by(audit.c.at.desc())).scalars().first()
    assert now is not None
    assert Vigil(engine, always).look(now) >= 1
    with reading(engine) as connection:
        told = {(item.kind, item.subject) for item in security_alerts.latest(connection, [ORG])}
    assert ("odd_hour", COMMAND_LINE) in told
    engine.dispose()


def test_what_counts_as_a_change_of_accounts_or_an_export_has_a_name() -> None:
    for action in (*EXPORTS, *ACCOUNT_CHANGES):
        for language in LANGUAGES:
            assert text(language, f"audit.name.{action}")


def test_an_enrolment_and_a_try_in_vain_are_in_the_log(shell: Shell) -> None:
    shell.run("register", "organisation", ORG, "--name", "Медпункт Заря", "--licence", "Л041-1")
    shell.run("terminals", "add", "kiosk-7", "--org", ORG, "--name", "Проходная 2", "--place", "Цех 4")
    config = load_config(shell.config)
    engine = open_engine(config.store_url)
    with writing(engine) as connection:
        code = Enrolment(config, engine).create_code(connection, "kiosk-7")
    engine.dispose()
    with _process("serve", "-c", str(shell.config)) as (_running, line):
        address = line.split(": ", 1)[1]
        installer = Installer("kiosk-7")
        asked = installer.request(code)
        wrong = httpx.post(f"{address}/enrol", json=asked | {"mac": "0" * 64})
        assert wrong.json()["code"] == "wrong_proof"
        assert httpx.post(f"{address}/enrol", json=asked).status_code == 200
        assert httpx.post(f"{address}/enrol", json=asked).json()["code"] == "used_code"
    found = [(row.action, row.subject, row.org, row.address) for row in shell.traces() if "enrol" in row.action]
    assert found == [
        ("terminal.enrol", "kiosk-7", ORG, "127.0.0.1"),
        ("terminal.enrol_refused", "kiosk-7", ORG, "127.0.0.1"),
    ]


WRITERS = {"note", "note_alone", "note_seldom", "write"}
WITHOUT_TRACE = {
    "/check/gate": "what a code says is in the code; nobody is logged in",
    "/me/join": "`_claim` and `_join` of `central.console.routes.me_join` write it, in a thread",
    "/preferences": "cookies of the look alone",
    "/journal/columns": "one's own choice of columns",
    "/exams/{exam_id}/release": "gives back what `exam.read` has noted",
    "/login": "`central.console.routes.login` writes it where a login ends",
    "/login/outside": "leads to who vouches; `central.console.routes.login` writes it where a login ends",
    "/signature/errand": "what the person's own key is to sign; noted where the signature is taken",
    "/exams/{exam_id}/waybill-title": "`title_signing` writes it where the signature is stored",
    "/workers/{worker_id}/passport/signature": "`passport_signing` writes it where the signature is stored",
    "/room/{draft_id}/keep": "what stands in an open page of the medical room; noted where it is begun, recorded or ended",
    "/session/alive": "a key pressed on an open page",
}


def _reached(functions: dict[str, ast.AST], name: str, seen: set[str]) -> set[str]:
    if name in seen:
        return set()
    seen.add(name)
    calls = [node.func for node in ast.walk(functions[name]) if isinstance(node, ast.Call)]
    names = {call.id if isinstance(call, ast.Name) else getattr(call, "attr", "") for call in calls}
    return names.union(*(_reached(functions, found, seen) for found in names & functions.keys()))


def test_every_form_of_the_console_leaves_its_trace() -> None:
    without = set()
    for path in Path(routes.__path__[0]).glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions: dict[str, ast.AST] = {
            node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        for name, node in functions.items():
            assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for door in node.decorator_list:
                is_post = isinstance(door, ast.Call) and getattr(door.func, "attr", "") in {"post", "put", "delete"}
                if is_post and _reached(functions, name, set()).isdisjoint(WRITERS):
                    assert isinstance(door, ast.Call)
                    without.add(ast.literal_eval(door.args[0]))
    assert without == WITHOUT_TRACE.keys()
