"""Scenarios of the demonstration, with real processes, lines, broker, window and browser forms."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

from central.partners.medic_titles import check_title
from dopusk.kiosk_app import kiosk_settings
from dopusk.lab.demo.director import faults_of
from dopusk.lab.demo.sample_medic import LOGIN
from dopusk.lab.demo.scenarios import SCENARIOS
from dopusk.lab.demo.world import SERVICE_PIN, build_world
from sync.contract.account_link import parse_token
from terminal.config import load_config
from tests.size import IS_WHOLE
from tests.waiting import LONGEST_S

OFTEN = ("drunk", "offline", "power_cut", "person_changed")
"""The stories of each run of the tests, beside the usual one, which stays open; the others are played by `make trials ARGS=walks`.
What is special in those has shorter tests of shipped processes: two employers (`test_two_employers`), an urgent complaint
(`test_shipped`), a pulled cable and a high pressure on real lines, faces."""
KEYS = {
    "exam_id", "exam_type", "outcome", "measurements", "rule_verdict", "decision", "receipts", "timings_s", "screenshots",
}  # fmt: skip


def play(folder: Path, scenario: str, *more: str) -> dict[str, Any]:
    """Run the demonstration as a user would; returns its last line. Fails with its whole output."""
    command = [sys.executable, "-m", "dopusk", "demo", "--once", "--headless", "--speed", "30", "--scenario", scenario]
    done = subprocess.run([*command, *more], cwd=folder, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.timeout(540)
@pytest.mark.parametrize("name", SCENARIOS if IS_WHOLE else OFTEN)
def test_each_scenario_ends_as_it_should(tmp_path: Path, name: str) -> None:
    _check(tmp_path, name, play(tmp_path, name))


def _check(folder: Path, name: str, result: dict[str, Any]) -> None:
    """What every story ends with, and what is its own."""
    assert result.keys() >= KEYS
    assert faults_of(result, SCENARIOS[name]) == []
    assert result["receipts"]
    for row in result["measurements"]:
        assert row["generation"] == "demo"
        assert row["raw"]
        assert row["device"]["serial"]
    assert result["gate_openings"] == int(result["outcome"] == "admitted"), (
        "once for an admission, and for nothing else"
    )
    if result["outcome"] != "admitted":
        assert result["waybill_title"] is None, "only an admission makes a title"
    elif name == "admitted":
        title = folder / result["waybill_title"]
        check_title(title.read_bytes(), "T2", title.stem)
        assert result["exam_id"] in _offered(folder, result["screenshots"]), "the way to the own pages"
    for picture in result["screenshots"]:
        assert (folder / picture).stat().st_size > 5_000


def _offered(folder: Path, pictures: list[str]) -> set[str]:
    """Exams whose own pages a phone may open that looks at these screens: by the tokens in their QR codes."""
    found = set()
    for picture in pictures:
        text, _, _ = cv2.QRCodeDetector().detectAndDecode(cv2.imread(str(folder / picture)))
        address, _, token = text.partition("#")
        parsed = parse_token(token)
        if address.endswith("/me/join") and parsed is not None:
            found.add(parsed[0])
    return found


def _check_by_openssl(out: Path) -> None:
    """The exported decision is verified by openssl, and with a changed byte it is not."""

    def verify(record: str) -> int:
        command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "decision.cms", "-content", record]
        command += ["-CAfile", "ca.pem", "-purpose", "any"]
        return subprocess.run(command, cwd=out, capture_output=True, check=False).returncode

    assert verify("record.json") == 0
    content = bytearray((out / "record.json").read_bytes())
    content[len(content) // 2] ^= 1
    (out / "changed.json").write_bytes(content)
    assert verify("changed.json") != 0


def test_an_unknown_scenario_is_refused_with_the_list_of_those_that_exist(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dopusk", "demo", "--once", "--scenario", "holiday"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert done.returncode == 2
    assert "power_cut" in done.stderr


@pytest.mark.timeout(540)
def test_the_usual_demonstration_stays_open_until_it_is_ended_and_hands_out_the_decision(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dopusk", "demo", "--headless", "--speed", "30", "--export-decision", "out"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        told = []
        for line in demo.stdout:
            told.append(line)
            if "press Ctrl-C to end" in line:
                demo.send_signal(signal.SIGINT)
        demo.wait(LONGEST_S)
    assert any("press Ctrl-C" in line for line in told), "".join(told)
    first_step = next(number for number, line in enumerate(told) if "worker " in line)
    opening = "".join(told[:first_step])
    for said in (LOGIN.username, LOGIN.password, LOGIN.passphrase, SERVICE_PIN, "http://127.0.0.1:", "dispatcher"):
        assert said in opening, f"{said} is not said before the story begins"
    _check(tmp_path, "admitted", json.loads(told[-1]))
    _check_by_openssl(tmp_path / "out")


def test_the_demonstrations_service_screen_can_be_opened(tmp_path: Path) -> None:
    world = build_world(tmp_path, 30.0)
    try:
        check_pin = kiosk_settings(load_config(world.terminal_config), fullscreen=False).check_pin
    finally:
        world.close()
    assert check_pin is not None
    assert check_pin(SERVICE_PIN)
    assert not check_pin("0000")
