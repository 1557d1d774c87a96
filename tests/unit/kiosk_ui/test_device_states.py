"""Every state that a driver can show has words at the kiosk, and every such word a state."""

from contextlib import suppress

import pytest

from drivers.errors import DeviceError
from drivers.model import Measures
from drivers.registry import driver
from drivers.states import SHOWN, is_shown
from kiosk_ui.texts import LANGUAGES, texts_of
from kiosk_ui.view.measuring import measuring_page
from kiosk_ui.view.model import PageView, ViewOptions
from simulators.catalogue import catalogue
from terminal.exam.model import Activity, Phase
from tests.contract.rig import SIMULATED, rig
from tests.ui.kiosk import made_up

STEPS = {Measures.TEMPERATURE: Phase.TEMPERATURE, Measures.PRESSURE: Phase.PRESSURE, Measures.BREATH: Phase.BREATH}
"""An oximeter has no step of its own."""
OF_THE_PROTOCOL = {
    "suntech_advantage": {"accepted", "asleep", "busy", "done", "aborted"},
    "accuniq_bp500": {"nothing_stored", "version", "end_of_record"},
    "winsen_ze29a": {"idle", "command_accepted", "result_ready"},
}
"""Reported by drivers while they work, and told to nobody."""
ALL = [(step, state, language) for step in STEPS for state in sorted(SHOWN[step]) for language in LANGUAGES]


def page(step: Measures, state: str, language: str) -> PageView:
    exam = made_up.asked(STEPS[step], Activity.MEASURING, attempt=1)
    snapshot = made_up.snapshot(exam, 52, progress=made_up.progress(state))
    return measuring_page(snapshot, exam, texts_of(language), ViewOptions())


@pytest.mark.parametrize("name", SIMULATED)
def test_what_a_driver_reports_is_shown_or_known_to_be_its_protocols(name: str) -> None:
    measures = driver(name).measures[0]
    reported: set[str] = set()
    for scenario in catalogue()[name].SCENARIOS:
        bench = rig(name, scenario)
        run = bench.run(timeout_s=60.0)
        with suppress(DeviceError):  # many a scenario ends so; what was shown before counts
            bench.instrument.measure(run)
        reported |= set(run.states)
    assert reported
    assert {state for state in reported if not is_shown(measures, state)} <= OF_THE_PROTOCOL.get(name, set())


@pytest.mark.parametrize(("step", "state", "language"), ALL)
def test_each_state_has_words_of_its_own(step: Measures, state: str, language: str) -> None:
    shown = page(step, state, language)
    others = [page(step, other, language) for other in (*(SHOWN[step] - {state}), "no_such_state")]
    said = {(other.title, other.text) for other in others if state != "measuring" or other.state != "no_such_state"}
    if state == "measuring" and step is Measures.PRESSURE:
        said.discard((page(step, "no_such_state", language).title, page(step, "no_such_state", language).text))
    assert (shown.title, shown.text) not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_must_press_the_button_is_told_so(language: str) -> None:
    texts = texts_of(language)
    shown = page(Measures.PRESSURE, "waiting_for_start", language)
    assert (shown.title, shown.text) == (texts("pressure.by_hand_title"), texts("pressure.waiting_for_start"))
    assert shown.state == "by_hand"  # no filling bar: nobody knows whether it has begun
    assert shown.buttons == {"stop_measuring": texts("pressure.stop")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", [Measures.TEMPERATURE, Measures.PRESSURE])
def test_each_word_of_a_state_has_a_state(step: Measures, language: str) -> None:
    section = str(STEPS[step])
    said = {name for name in texts_of(language).names_in(section) if "_" in name or name.endswith("ing")}
    assert said - {"by_hand_title", "measuring_title"} == SHOWN[step]
