"""`dopusk terminal pin`: the hash that opens the service screen, weak PINs refused, the file changed in one place only."""

import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from config import EXAMPLE_TERMINAL
from dopusk.kiosk_app import kiosk_settings
from kiosk_ui.view.draft import MOST_PIN_DIGITS
from terminal.config import load_config
from terminal.service_pin import MOST_DIGITS, NoPlaceForPin, fault_of, with_pin_hash
from tests.unit.terminal.kiosk import make_config
from tests.waiting import LONGEST_S

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43
GOOD = "83014"


def run(*arguments: str, typed: str = "", lang: str = "C") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "LANG": lang, "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "dopusk", "terminal", "pin", *arguments]
    return subprocess.run(
        command, env=environment, input=typed, capture_output=True, text=True, check=False, timeout=LONGEST_S
    )


@pytest.mark.parametrize(
    ("pin", "fault"),
    [
        ("", "not_digits"),
        ("12a4", "not_digits"),
        ("٤٢٤٢", "not_digits"),
        ("123", "too_short"),
        ("1" * 13, "too_long"),
        ("0000", "repeated"),
        ("1212", "repeated"),
        ("123123", "repeated"),
        ("1234", "in_a_row"),
        ("456789", "in_a_row"),
        ("8901", "in_a_row"),
        ("4321", "in_a_row"),
        ("1357", "in_a_row"),
        ("2580", "in_a_row"),
        ("1470", "in_a_row"),
        ("1986", "year"),
        ("2026", "year"),
        ("159753", "common"),
    ],
)
def test_what_anybody_would_guess_is_refused(pin: str, fault: str) -> None:
    assert fault_of(pin) == fault


@pytest.mark.parametrize("pin", ["3917", "4711", GOOD, "704218", "120185", "998877665544"])
def test_other_pins_are_taken(pin: str) -> None:
    assert fault_of(pin) is None


def test_what_is_taken_can_be_typed_on_the_screen() -> None:
    assert MOST_DIGITS == MOST_PIN_DIGITS


def test_the_demonstrations_pin_is_one_that_the_command_takes() -> None:
    from dopusk.lab.demo.world import SERVICE_PIN

    assert fault_of(SERVICE_PIN) is None


def test_the_file_keeps_everything_else() -> None:
    example = EXAMPLE_TERMINAL.read_text(encoding="utf-8")
    written = with_pin_hash(example, HASH)
    assert tomllib.loads(written) == tomllib.loads(example) | {"service": {"pin_hash": HASH}}
    assert written.startswith(example.rstrip("\n"))
    other = HASH.replace("A" * 43, "B" * 43)
    again = with_pin_hash(written, other)
    assert again == written.replace(HASH, other)
    assert with_pin_hash("[service] # screen\n\n[film]\nenabled = true\n", HASH).startswith(
        f'[service] # screen\npin_hash = "{HASH}"\n'
    )


@pytest.mark.parametrize("text", ['service = { pin_hash = "x" }\n', 'service.pin_hash = "x"\n', "service = 3\n"])
def test_a_section_of_another_form_is_left_alone(text: str) -> None:
    with pytest.raises(NoPlaceForPin):
        with_pin_hash(text, HASH)


class TestCommand:
    def test_prints_the_line_and_only_that(self) -> None:
        done = run("--stdin", typed=f"{GOOD}\n")
        assert (done.returncode, done.stderr) == (0, "")
        pin_hash = tomllib.loads(done.stdout)["service"]["pin_hash"]
        assert PasswordHasher().verify(pin_hash, GOOD)
        assert GOOD not in done.stdout

    def test_writes_what_opens_the_service_screen(self, tmp_path: Path) -> None:
        make_config(tmp_path)
        file = tmp_path / "terminal.toml"
        example = EXAMPLE_TERMINAL.read_text(encoding="utf-8")
        file.write_text(example, encoding="utf-8")
        file.chmod(0o640)
        done = run("--stdin", "--write", "-c", str(file), typed=f"{GOOD}\n", lang="ru_RU.UTF-8")
        assert done.returncode == 0, done.stderr
        assert "ПИН задан" in done.stdout
        assert "argon2" not in done.stdout
        assert file.stat().st_mode & 0o777 == 0o640
        assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".new")] == []
        assert file.read_text(encoding="utf-8").startswith(example.rstrip("\n"))
        check = kiosk_settings(load_config(file), fullscreen=False).check_pin
        assert check is not None
        assert check(GOOD)
        assert not check("83015")

    def test_a_weak_pin_is_refused_in_words_and_changes_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "terminal.toml"
        file.write_text("[service]\n")
        for lang, words in (("C", "row of digits"), ("ru_RU.UTF-8", "идёт по порядку")):
            done = run("--stdin", "--write", "-c", str(file), typed="1234\n", lang=lang)
            assert (done.returncode, done.stdout) == (1, "")
            assert words in done.stderr
        assert file.read_text() == "[service]\n"

    def test_says_what_is_wrong_with_the_file(self, tmp_path: Path) -> None:
        file = tmp_path / "terminal.toml"
        assert run("--stdin", "--write", typed=f"{GOOD}\n").returncode == 2
        for content in (None, "[service\n", 'service = { pin_hash = "x" }\n'):
            if content is not None:
                file.write_text(content)
            done = run("--stdin", "--write", "-c", str(file), typed=f"{GOOD}\n")
            assert done.returncode == 2
            assert str(file) in done.stderr
            assert content is None or file.read_text() == content

    @pytest.mark.parametrize(("second", "code"), [(GOOD, 0), ("83015", 1)])
    def test_asks_twice_and_shows_nothing(self, second: str, code: int) -> None:
        """On a terminal of its own, as a person types."""
        told = os.pipe()
        child, terminal = pty.fork()
        if child == 0:
            os.dup2(told[1], 1)
            os.execv(sys.executable, [sys.executable, "-m", "dopusk", "terminal", "pin"])  # noqa: S606
        os.close(told[1])
        shown = b""
        answers = [GOOD, second]
        while True:
            try:
                shown += os.read(terminal, 1024)
            except OSError:
                break
            if answers and shown.count(b": ") == 3 - len(answers):
                os.write(terminal, answers.pop(0).encode() + b"\n")
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with os.fdopen(told[0], "rb") as out:
            printed = out.read().decode()
        assert ended == code, shown
        assert GOOD.encode() not in shown
        assert ("pin_hash" in printed) is (code == 0)
