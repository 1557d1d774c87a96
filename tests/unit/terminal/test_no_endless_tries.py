"""So many tries of a step may fail, whoever's fault they were; then only a medic goes on."""

from drivers.model import DeviceState
from kiosk_ui.texts import texts_of
from kiosk_ui.view import ViewOptions
from kiosk_ui.view.measuring import measuring_page
from terminal import intents
from terminal.snapshot import TerminalSnapshot
from tests.unit.terminal.kiosk import Kiosk, MakeKiosk


def fail_once(kiosk: Kiosk, number: int) -> None:
    kiosk.until_exam(lambda e: e.activity == "measuring" and e.attempt == number)
    kiosk.park.fail(kind="DeviceFault", act="service", code="sensor")
    kiosk.until_exam(lambda e: e.activity == "trouble" and len(e.failures) == number)


def test_a_device_that_identifies_well_and_fails_each_test_is_not_tried_for_ever(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("breath")
        for number in (1, 2, 3):
            fail_once(kiosk, number)
            kiosk.park.set_state("breathalyzer", "breath", DeviceState.FAULT)
            kiosk.park.set_state("breathalyzer", "breath", DeviceState.READY)
        kiosk.want(intents.StartMeasuring(), intents.CallMedic())
        snapshot = kiosk.until(lambda s: s.help_called)
        assert snapshot.exam is not None
        assert (snapshot.exam.activity, snapshot.exam.attempt) == ("trouble", 3)
        assert len(kiosk.park.asked) == 5


def lines(snapshot: TerminalSnapshot) -> tuple[tuple[str, ...], set[str]]:
    assert snapshot.exam is not None
    page = measuring_page(snapshot, snapshot.exam, texts_of("ru"), ViewOptions())
    return page.lines, set(page.buttons)


def test_what_is_promised_is_what_happens(make_kiosk: MakeKiosk) -> None:
    back = texts_of("ru")("trouble.back")
    with make_kiosk() as kiosk:
        kiosk.up_to("breath")
        fail_once(kiosk, 1)
        ready = kiosk.until(lambda s: s.exam is not None and s.exam.activity == "trouble")
        said, buttons = lines(ready)
        assert back not in said, "a device that says that it is ready does not come back"
        assert "retry" in buttons
        kiosk.park.set_state("breathalyzer", "breath", DeviceState.ABSENT)
        gone = kiosk.until(lambda s: s.devices["breathalyzer"].state is DeviceState.ABSENT)
        assert back in lines(gone)[0]
        kiosk.park.set_state("breathalyzer", "breath", DeviceState.READY)
        for number in (2, 3):
            fail_once(kiosk, number)
            kiosk.park.set_state("breathalyzer", "breath", DeviceState.ABSENT)
            if number == 2:
                kiosk.park.set_state("breathalyzer", "breath", DeviceState.READY)
        over = kiosk.until(
            lambda s: (
                s.devices["breathalyzer"].state is DeviceState.ABSENT
                and s.exam is not None
                and len(s.exam.failures) == 3
            )
        )
        said, buttons = lines(over)
        assert back not in said
        assert buttons == {"leave"}
