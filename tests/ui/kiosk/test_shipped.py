"""The kiosk as it is put together for a site: real window, real core, real store, real drivers on real lines."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from PySide6.QtGui import QFont, QGuiApplication
from pytestqt.qtbot import QtBot

from central.authority.pki import create_authority
from dopusk.kiosk_app import consent_texts, kiosk_settings
from dopusk.terminal_app import Terminal
from kiosk_ui.app import FONT_FAMILY, Kiosk, build_window
from simulators.bench import Bench
from sync.contract.envelope import open_sealed
from sync.contract.exam import ExamRecord
from sync.contract.roster import Roster
from terminal.mailbox import Mailbox
from tests.ui.kiosk.looking import click, find, names_on
from tests.unit.terminal.kiosk import make_config
from tests.unit.terminal.test_identity import worker
from tests.waiting import LONGEST_S

BY_HAND = [
    {"id": f"typed_{step}", "driver": "manual_entry", "measures": step, "verified_until": date(2099, 1, 1)}
    for step in ("temperature", "pressure", "breath")
]
CUFF = {"id": "tonometer", "driver": "and_tm2655", "measures": "pressure", "serial_number": "5190400001"}


class Site:
    """The open window of a terminal that runs; presses as a person does, when a press counts."""

    def __init__(self, kiosk: Kiosk, terminal: Terminal, qtbot: QtBot) -> None:
        self.kiosk, self.terminal, self._qtbot = kiosk, terminal, qtbot

    def until(self, condition: Callable[[], bool]) -> None:
        self._qtbot.waitUntil(condition, timeout=round(1000 * LONGEST_S))

    def on(self, screen: str) -> None:
        self.until(lambda: f"screen_{screen}" in names_on(self.kiosk.window))

    def press(self, *names: str) -> None:
        for name in names:
            self.until(lambda name=name: name in names_on(self.kiosk.window) and self.kiosk.bridge.takes_answers)
            click(self.kiosk.window, name)

    def records(self) -> list[ExamRecord]:
        rows = self.terminal.store.outbox.next_queued(1000)
        sealed = [open_sealed(row.wire, self.terminal.store.public_key).payload for row in rows if row.kind == "exam"]
        return [ExamRecord.model_validate(payload) for payload in sealed]

    def up_to_the_measurements(self, *complaints: str) -> None:
        self.on("idle")
        self.until(lambda: "begin" in names_on(self.kiosk.window))
        self.press("begin", "key_1", "key_0", "key_0", "key_1", "number_ok", "confirm_yes", "consent_yes")
        self.on("complaints")
        if complaints:
            self.press("complaints_some", *(f"complaint_{code}" for code in complaints), "complaints_done")
        else:
            self.press("complaints_none")


@pytest.fixture
def site(tmp_path: Path, qapp: QGuiApplication, qtbot: QtBot) -> Callable[..., Any]:
    qapp.setFont(QFont(FONT_FAMILY))

    @contextmanager
    def make(devices: list[dict[str, Any]], steps: list[str], touch_guard_s: float = 0.0) -> Iterator[Site]:
        config = make_config(tmp_path / "site", whole={"device": devices}, exam={"steps": steps, "show_result_s": 30.0})
        files = config.files
        files.signing_key.parent.mkdir(exist_ok=True)
        key = Ed25519PrivateKey.generate()
        files.signing_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        centre = Ed25519PrivateKey.generate().public_key()
        files.centre_key.write_bytes(centre.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        files.trust_anchor.write_bytes(create_authority(tmp_path / "authority").ca_pem)
        config = config.model_copy(update={"camera": config.camera.model_copy(update={"source": ""})})
        mailbox = Mailbox()
        settings = kiosk_settings(config, fullscreen=False, touch_guard_s=touch_guard_s)
        kiosk = build_window(mailbox.post, None, settings)
        terminal = Terminal(config, kiosk.publish, mailbox=mailbox, consent_texts=consent_texts())
        try:
            terminal.store.roster.replace(Roster(version=1, workers=(worker(),)))
            terminal.start()
            yield Site(kiosk, terminal, qtbot)
        finally:
            terminal.close()
            kiosk.close()
            qapp.processEvents()

    return make


def test_what_instruments_without_a_cable_show_is_typed_and_marked(site: Callable[..., Any]) -> None:
    with site(BY_HAND, ["consent", "complaints", "temperature", "pressure", "breath"]) as kiosk:
        kiosk.up_to_the_measurements()
        kiosk.on("typed")
        kiosk.press("key_9", "key_7", "key_comma", "key_2", "values_ok")
        kiosk.until(lambda: "error" in names_on(kiosk.kiosk.window))
        assert find(kiosk.kiosk.window, "error").property("text").startswith("Таких значений не бывает.")
        kiosk.press("key_3", "key_6", "key_comma", "key_6", "values_ok", "next")
        kiosk.until(lambda: find(kiosk.kiosk.window, "title").property("text") == "Введите давление и пульс")
        for value in ("124", "81", "72"):
            kiosk.press(*(f"key_{digit}" for digit in value), "values_ok")
        kiosk.press("next")
        kiosk.until(lambda: find(kiosk.kiosk.window, "title").property("text") == "Введите результат пробы")
        kiosk.press("key_0", "values_ok", "next")
        kiosk.on("summary")
        kiosk.press("summary_ok")
        kiosk.on("waiting")
        (record,) = kiosk.records()
        assert {measurement.derivation for measurement in record.measurements} == {"manual"}
        assert [measurement.values for measurement in record.measurements] == [
            {"temperature_celsius": 36.6},
            {"systolic_mmhg": 124, "diastolic_mmhg": 81, "pulse_bpm": 72},
            {"breath_alcohol_mg_per_l": 0.0},
        ]
        assert record.failures == ()


def test_chest_pain_calls_a_medic_before_anything_is_measured(site: Callable[..., Any]) -> None:
    with site(BY_HAND, ["consent", "complaints", "temperature"]) as kiosk:
        kiosk.up_to_the_measurements("chest_pain")
        kiosk.on("urgent")
        assert kiosk.terminal.service.latest.help_called
        assert find(kiosk.kiosk.window, "urgent_complaints").property("text") == "Боль в груди"
        kiosk.press("leave")
        kiosk.on("waiting")
        (record,) = kiosk.records()
        assert record.rule_verdict.urgent_complaints == ("chest_pain",)


def test_two_touches_start_the_cuff_once_and_a_slip_costs_nothing(site: Callable[..., Any], tmp_path: Path) -> None:
    bench = Bench(tmp_path / "lines", speed=1.0)
    bench.add("tonometer", "and_tm2655")
    bench.start()
    try:
        cuff = CUFF | {"port": bench.port("tonometer"), "verified_until": date(2099, 1, 1)}
        with site([cuff], ["consent", "complaints", "pressure"], touch_guard_s=0.7) as kiosk:
            kiosk.up_to_the_measurements()
            kiosk.on("pressure")
            kiosk.press("start_measuring")
            kiosk.until(lambda: "stop_measuring" in names_on(kiosk.kiosk.window))
            click(kiosk.kiosk.window, "stop_measuring")  # the second touch of a double touch
            assert kiosk.terminal.service.latest.exam.activity == "measuring"
            kiosk.press("stop_measuring")
            kiosk.on("try_again")
            exam = kiosk.terminal.service.latest.exam
            assert [failure.code for failure in exam.failures] == ["stopped_at_once"]
            assert exam.failed("pressure") == 0
    finally:
        bench.close()
