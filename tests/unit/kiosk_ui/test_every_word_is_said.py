"""Every word of the catalogue stands on some screen, and every code that reaches a screen has words of its own.

The walk draws all made-up screens; a code is looked up where the program makes it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import drivers
import terminal
from kiosk_ui.texts import LANGUAGES, Texts, texts_of
from kiosk_ui.view import ViewOptions, view_of
from sync.contract.passage import PassageOutcome
from sync.link_report import LinkCode
from terminal.exam.model import Phase
from terminal.identity import NotFound
from tests.ui.kiosk import made_up

TERMINAL = Path(terminal.__file__).parent
SAID_BY_THE_SHELL = {"service.pin_wrong", "service.pin_locked", "service.pin_closed"}
"""What the bridge says on the PIN's sheet; `test_touch` and `test_service_pin` read them there."""
OF_A_CODE_TO_COME = {"not_today.other", "notice.other", "start_refusal.other", "start_refusal.device"}
"""What a screen falls back on; `test_no_code_is_without_words` proves that no code of today needs it."""

GATE_CODES = {"opening", *get_args(PassageOutcome)} - {"refused"} | set(
    re.findall(r'return "([a-z_]+)"', (TERMINAL / "gate.py").read_text("utf-8"))
)
"""What becomes of the gate beside a kiosk, and why it stays closed."""
TWO_OF_A_KIND = made_up.DEVICES | {"other": made_up.device("other", made_up.Measures.PRESSURE)}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Keys that were asked for while the test drew."""
    keys: set[str] = set()
    call, lines = Texts.__call__, Texts.lines

    def spoken(self: Texts, key: str, /, **names: object) -> str:
        keys.add(key)
        return call(self, key, **names)

    def listed(self: Texts, key: str) -> tuple[str, ...]:
        keys.add(key)
        return lines(self, key)

    monkeypatch.setattr(Texts, "__call__", spoken)
    monkeypatch.setattr(Texts, "lines", listed)
    return keys


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_dead(said: set[str], language: str) -> None:
    facts = {"disk": "41.5 GB", "configuration": "1", "camera": "no"}
    for camera in ("device", "file", "http", "https"):
        view_of(made_up.snapshot(devices=TWO_OF_A_KIND), language, service=facts | {"camera": camera})
    for code in reasons():
        broken = made_up.device("cuff", made_up.Measures.PRESSURE, made_up.DeviceState.FAULT, f"{code}: in English")
        view_of(made_up.snapshot(devices={"cuff": broken}), language, service=facts)
    for _, _, snapshot in made_up.every():
        for generation in ("real", "demo", "test"):
            place = made_up.replace(snapshot.place, generation=generation)
            view_of(made_up.replace(snapshot, place=place), language, sent_number="4711")
            view_of(made_up.replace(snapshot, place=place), language, service=facts)
    for code in GATE_CODES:
        let_in = made_up.measured(Phase.DECIDED, decision=made_up.decided("admitted"))
        view_of(made_up.snapshot(let_in, 46, gate=code), language)
    for exam_type in ("pre_shift", "pre_trip", "post_shift", "post_trip", "during_shift"):
        view_of(made_up.snapshot(), language, ViewOptions(exam_type=exam_type))
    dead = " ".join(sorted(texts_of(language).keys() - said - SAID_BY_THE_SHELL - OF_A_CODE_TO_COME))
    assert not dead, dead


def codes(pattern: str, *names: str) -> Iterator[str]:
    for name in names:
        yield from re.findall(pattern, (TERMINAL / name).read_text("utf-8"))


def reasons() -> set[str]:
    """Codes that a device's state may have as its reason: of opening a line, of knowing the device, of every error's kind."""
    drivers_of = Path(drivers.__file__).parent
    sources = [*(drivers_of / "transport").glob("*.py"), *(drivers_of / name for name in ("identity.py", "errors.py"))]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    text += (drivers_of / "worker.py").read_text("utf-8") + (drivers_of / "line_place.py").read_text("utf-8")
    found = set(re.findall(r'code\s*=\s*"([a-z_]+)"', text)) | set(re.findall(r'f"([a-z_]+): ', text))
    found |= set(re.findall(r'DeviceState\.[A-Z]+(?: if warming else DeviceState\.BUSY)?, "([a-z]+)"', text))
    return found - {"device", "cancelled", "late"}  # no state of a device: an abstract kind, and what one call met


def test_no_code_is_without_words() -> None:
    texts = texts_of("ru")
    refusals = {*codes(r'return "([a-z_]+)"', "standing.py"), *codes(r'"(verification_expired)"', "service.py")}
    assert refusals >= {"no_roster", "store_damaged", "disk_full", "verification_expired"}
    wanted = {f"start_refusal.{code}" for code in refusals}
    wanted |= {f"notice.{code}" for code in codes(r'notice="([a-z_]+)"', "standing.py")}
    wanted |= {f"identify.{code}" for code in get_args(NotFound.__dataclass_fields__["code"].type)}
    missed = {*codes(r'FaceNotFound\([a-z_.]+, "([a-z_]+)"', "face/photographer.py"), "number_needed"}
    missed |= set(codes(r'Nobody\("([a-z_]+)"', "face/search.py"))
    wanted |= {f"identify.search_{code}" for code in missed}
    wanted |= {
        f"not_today.{code}" for code in codes(r'blocked_code="([a-z_]+)"', "exam/identification.py", "exam/asking.py")
    }
    wanted |= {f"device_reason.{code}" for code in reasons()}
    wanted |= {f"link_code.{code}" for code in get_args(LinkCode) if code}
    wanted |= {f"help.{screen}" for _, screen, _ in made_up.every()}
    wanted |= {f"result.{step}" for step in (Phase.TEMPERATURE, Phase.PRESSURE, Phase.BREATH)}
    assert {key for key in wanted if key not in texts.keys()} == set()  # noqa: SIM118 - Texts is no mapping
