"""What a user gets wrong ends in words: every command, every file that it reads, every way in which such a file can be wrong."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperArgument

from dopusk import words
from dopusk.lab.broker import free_port
from tests.command_line import Command, Done, commands, english_in, run
from tests.unit.terminal.test_config import EXAMPLE

READ = {
    "config", "db", "first", "second", "pairs_file", "source", "key_file", "public_key", "centre_key", "seal_heads", "file",
    "images", "gost",
}  # fmt: skip
"""Parameters that name something to be read."""
LONG = {"demo", "bench", "torture", "power-cuts"}
"""They read no file of the user."""
GIVEN = {
    "role": "medic", "training_hours": "36", "terminals": "1", "exams": "1", "code": "AAAA-AAAA-AAAA-AAAA-AAAA",
    "centre": "http://127.0.0.1:9", "education": "secondary", "accreditation_until": "2030-01-01", "training_at": "2026-01-01",
    "federal_register_at": "2026-01-01", "full_name": "Проба П. П.", "position": "фельдшер", "org": "нет-такой", "host": "broker",
    "name": "Проба", "place": "Проходная",
}  # fmt: skip
WRONG = ("missing", "folder", "link", "socket", "bytes", "broken.toml", "empty", "other.toml", "bytes/below")
FROM_STDIN = {
    ("central", "register", "medic"): ("--passphrase-stdin",),
    ("central", "export", "medics"): ("--passphrase-stdin",),
    ("terminal", "pin"): ("--stdin", "--write"),
}
LEAVES = [
    (path, command)
    for path, command in commands()
    if path and not getattr(command, "commands", None) and path[0] not in LONG
]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    folder = tmp_path_factory.mktemp("wrong")
    made = {name: folder / name for name in WRONG}
    made["folder"].mkdir()
    made["link"].symlink_to("link")
    made["bytes"].write_bytes(b"\xff\xfe\x00no\x00")
    made["broken.toml"].write_text("store_url = = 1")
    made["empty"].touch()
    made["other.toml"].write_text('store_url = 3\ngeneration = "x"\n[mqtt]\nport = "a"\n[devices.x]\nid = 1\n')
    made["nowhere"] = folder / "nowhere" / "new"
    centre = folder / "centre"
    done = run("central", "init", str(centre), "--generation", "test", "--mqtt-port", str(free_port()))
    assert done.code == 0, done.err
    made["centre"] = centre / "central.toml"
    made["terminal"] = folder / "terminal.toml"
    made["terminal"].write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(made["socket"]))
        yield made


def _arguments(command: Command, path: tuple[str, ...], places: dict[str, Path], **given: Path) -> list[str]:
    """A call in which everything that must be given is right, but for `given`."""
    made: list[str] = []
    for parameter in command.params:
        name = str(parameter.name)
        if name not in given and not parameter.required:
            continue
        right = GIVEN.get(name) or str(
            places["terminal" if path[0] == "terminal" else "centre"] if name == "config" else places["nowhere"]
        )
        values = [str(given.get(name, right))] * max(1, parameter.nargs)
        made += values if isinstance(parameter, TyperArgument) else [parameter.opts[0], *values]
    return made


def _is_in_words(done: Done, lines: int) -> None:
    assert done.code != 0, done.out
    assert "Traceback" not in done.err
    assert "непредвиденная ошибка" not in done.err, done.err
    assert (done.err + done.out).strip()
    assert len(done.err.splitlines()) <= lines, done.err
    assert "Errno" not in done.err


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[" ".join(path) for path, _ in LEAVES])
def test_a_file_that_is_wrong_ends_in_words(path: tuple[str, ...], command: Command, places: dict[str, Path]) -> None:
    read = [str(parameter.name) for parameter in command.params if parameter.name in READ]
    if "export" in path:
        read = [name for name in read if name != "file"]  # that one is written
    for name in read:
        for wrong in WRONG:
            done = run(
                *path,
                *_arguments(command, path, places, **{name: places[wrong]}),
                *FROM_STDIN.get(path, ()),
                typed="длинная-фраза-1\n",
            )
            is_list = (wrong == "other.toml" and name in ("config", "db")) or path[-2:] == ("import", "exams")
            _is_in_words(done, 60 if is_list else 3)
            if not is_list:
                assert english_in(done.err.replace("dlib-resnet-v1", "")) == [], (name, wrong, done.err)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["demmo"], "может быть, 'demo'?"),
        (["terminal", "chek-config"], "может быть, 'check-config'?"),
        (["decode", "calex_pyrominibus", "--hexx", "1"], "--hex"),
        (["decode", "calex_pyrominibuss"], "может быть, calex_pyrominibus?"),
        (["demo", "--scenario", "drunc"], "может быть, drunk?"),
        (["simulate", "dingo_e20"], "может быть, dingo_e200?"),
        (["simulate", "dingo_e200", "--scenario", "hihg"], "может быть, high?"),
        (["bench", "--only", "kiosc"], "может быть, kiosk?"),
        (["central", "init", "/nowhere", "--generation", "reel"], "может быть, real?"),
        (["face", "compare", "a", "b", "--engine", "dlibb"], "может быть, dlib?"),
        (["torture", "--rounds", "x"], "нужно целое число"),
        (["torture", "--rounds", "0"], "должно быть не меньше 1"),
        (["decode", "calex_pyrominibus", "--hex", "zz"], "не шестнадцатеричная запись"),
        (["fleet"], "не указан параметр --config"),
        (["verify"], "не указано: БАЗА"),
        (["devices", "check"], "лишнее: check"),
        (["demo", "--lang", "ru"], "--lang пишут перед командой"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_slip_of_the_keyboard_gets_what_may_be_meant(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    _is_in_words(done, 2)
    assert said in done.err
    assert run(*arguments, lang="en").code == done.code


def test_devices_written_as_a_table_lead_to_the_right_form(places: dict[str, Path]) -> None:
    done = run("terminal", "check-config", "-c", str(places["other.toml"]))
    assert "devices: такой таблицы нет; приборы пишут как [[device]], у каждого свой id" in done.err


def test_a_port_in_use_is_named_with_what_to_change(places: dict[str, Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = places["centre"].read_text("utf-8")
        config = places["centre"].with_name("taken.toml")
        config.write_text(text.replace("port = 8080", f"port = {port}"), "utf-8")
        done = run("central", "serve", "-c", str(config))
    _is_in_words(done, 3)
    assert f"127.0.0.1:{port} занять нельзя (адрес занят другой программой)" in done.err


def test_an_unknown_id_is_named_with_where_to_look(places: dict[str, Path]) -> None:
    config = ("-c", str(places["centre"]))
    for arguments, said in {
        ("central", "terminals", "code", "kiosk-9"): "терминал 'kiosk-9' не зарегистрирован",
        ("central", "user", "disable", "nobody"): "учётной записи nobody нет",
        ("central", "export", "decision", "x", str(places["nowhere"])): "решения x нет",
        ("central", "dossier", str(places["nowhere"]), "--exam", "x"): "осмотра x нет",
    }.items():
        done = run(*arguments, *config)
        _is_in_words(done, 1)
        assert said in done.err


def test_an_unforeseen_error_is_a_reference_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> dict[str, object]:
        raise RuntimeError("Ветров Степан Ильич")

    monkeypatch.setattr("dopusk.commands.devices.drivers", broken)
    done = run("devices")
    assert done.code == 70
    assert len(done.err.splitlines()) == 1
    assert "RuntimeError" in done.err
    assert "Ветров" not in done.err
    again = run("devices", lang="en")
    assert done.err.split("(")[0].split()[-1] == again.err.split("(")[0].split()[-1]
    assert words.in_use() == "en"


@pytest.mark.parametrize(("lang", "words_there"), [("ru", "такого файла нет"), ("en", "there is no such file")])
def test_a_signer_without_its_file_is_told_which_command_writes_it(tmp_path: Path, lang: str, words_there: str) -> None:
    done = run("signer", "run", "-c", str(tmp_path / "signer.toml"), lang=lang)
    assert done.code == 2
    assert words_there in done.err
    assert "dopusk signer init" in done.err
