"""The first account of an installation, as the runbook makes it: it belongs to no organisation and can do all that is needed."""

import contextlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from central.console.app import create_app
from central.core.config import load_config
from central.core.rights import Role
from central.store import accounts, registry
from central.store.engine import open_engine, reading
from dopusk.commands.central_group import app as command
from dopusk.lab.broker import free_port
from tests.console_centre import Browser, ConsoleCentre, serving

FIRST, NEXT = "чайник йогурт ёжик раз", "шесть медленных верблюдов"


def test_from_an_empty_centre_to_a_medic_with_an_account(tmp_path: Path) -> None:
    folder = tmp_path / "centre"
    ports = ["--mqtt-port", str(free_port()), "--http-port", str(free_port())]
    runner = CliRunner()
    assert runner.invoke(command, ["init", str(folder), "--generation", "test", *ports]).exit_code == 0
    config_file = folder / "central.toml"
    words = ["user", "add", "root", "--role", "administrator", "--full-name", "Первая Анна", "--password-stdin"]
    done = runner.invoke(command, [*words, "--config", str(config_file)], input=f"{FIRST}\n")
    assert done.exit_code == 0, done.output
    text = config_file.read_text(encoding="utf-8")
    config_file.write_text(text + "\n[accounts]\nsecond_factor_roles = []\n" if "[accounts]" not in text else text)
    config = load_config(config_file)
    engine = open_engine(config.store_url)
    with (
        serving(create_app(config, engine=engine), config.http.port) as address,
        contextlib.closing(Browser(address)) as root,
    ):
        assert root.post("/login", {"username": "root", "password": FIRST}).status_code == 303
        assert (
            root.post("/account/password", {"password": FIRST, "new_password": NEXT}, page="/account").status_code
            == 303
        )
        assert root.get("/accounts").status_code == 200
        fields = {"org": "zarya", "name": "Медпункт «Заря»", "licence": "Л041-1"}
        for path in ("/registers/workers", "/registers/employers", "/fleet", "/changes", "/registers/organisations"):
            assert root.get(path).status_code == 200, path
        answer = root.post("/registers/organisations/new", fields)
        assert answer.status_code == 303, answer.text
        assert root.post("/registers/organisations/new", fields | {"org": "sosna"}).status_code == 303
        page = root.get("/accounts").text
        assert '<option value="zarya"' in page
        assert '<option value="sosna"' in page
        channel = {"org": "zarya", "kind": "email", "address": "safety@example.com"}
        assert root.post("/accounts/channels", channel, page="/accounts").status_code == 303
        terminal = {"terminal_id": "kiosk-1", "org": "sosna", "name": "Киоск", "place": "Проходная"}
        assert root.post("/fleet/terminals", terminal, page="/fleet").status_code == 303
        new = {"username": "chief", "full_name": "Вторая Вера", "role": "senior_medic", "password": NEXT}
        assert root.post("/accounts", new, page="/accounts").status_code == 422
        assert root.post("/accounts", new | {"org": "zarya"}, page="/accounts").status_code == 303
        other = new | {"username": "second", "role": "administrator"}
        assert root.post("/accounts", other, page="/accounts").status_code == 303
        assert root.get("/queue").status_code == 403
    with reading(engine) as connection:
        found = {item.username: (item.role, item.orgs) for item in accounts.all_accounts(connection)}
        assert len(registry.list_organisations(connection)) == 2
    engine.dispose()
    assert found == {
        "root": ("administrator", ()),
        "chief": ("senior_medic", ("zarya",)),
        "second": ("administrator", ()),
    }


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_no_other_role_becomes_the_installations(centre: ConsoleCentre, browser: Browser, role: Role) -> None:
    centre.add_account("nowhere", role, orgs=())
    browser.log_in("nowhere", unlock=False)
    for path in ("/accounts", "/registers/organisations/new", "/fleet", "/journal", "/registers/workers", "/audit"):
        answer = browser.get(path)
        assert answer.status_code in {200, 403, 404}, path
        assert "Заря" not in answer.text
        assert "Ветров" not in answer.text
