"""`dopusk central populate` as somebody types it: interrupted by Ctrl-C, taken up again, refused at a real centre."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import run

COMMAND = (sys.executable, "-m", "dopusk", "--lang", "en")
FEW = ("--organisations", "1", "--employers", "2", "--workers", "12", "--medics", "1", "--days", "20", "--seed", "3")


def _init(folder: Path, generation: str) -> Path:
    assert run("central", "init", str(folder), "--generation", generation).code == 0
    return folder / "central.toml"


def test_ctrl_c_leaves_a_store_in_order_and_the_same_command_goes_on(tmp_path: Path) -> None:
    config = _init(tmp_path / "centre", "test")
    command = (*COMMAND, "central", "populate", "-c", str(config), *FEW, "--exams", "1800", "--frauds", "--json")
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as broken_off:
        assert broken_off.stderr is not None
        assert broken_off.stderr.readline() == "1000 of 1800 exams\n"
        broken_off.send_signal(signal.SIGINT)
        rest = broken_off.stderr.read()
    assert broken_off.returncode == 130, rest
    assert "the same command goes on there" in rest
    assert "Traceback" not in rest
    checked = run("verify", str(config), "--json")
    assert checked.code == 0, checked.out
    done = json.loads(checked.out)["exams"]
    assert 1000 <= done < 1800
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(ended.stdout)
    assert (told["exams"], sum(told["outcomes"].values())) == (1800, 1800 - done)
    assert set(told["accounts"]) >= {"senior-1", "medic-1-1"}
    checked = run("verify", str(config), "--json")
    assert (checked.code, json.loads(checked.out)["exams"]) == (0, 1800)


@pytest.mark.parametrize(
    ("language", "words"), [("ru", "в настоящий центр вымышленных людей"), ("en", "a real centre takes no")]
)
def test_a_real_centre_is_refused_in_words(tmp_path: Path, language: str, words: str) -> None:
    config = _init(tmp_path / "centre", "real")
    refused = run("central", "populate", "-c", str(config), *FEW, "--exams", "10", lang=language)
    assert refused.code == 1
    assert words in refused.err
    again = run(
        "--lang", language, "central", "populate", "-c", str(config), "--organisations", "5", "--employers", "2"
    )
    assert again.code == 1
