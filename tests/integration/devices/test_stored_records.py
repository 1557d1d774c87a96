"""A device that sends what it has stored: several results for one start are nobody's, and none is taken twice."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.config import DeviceConfig
from drivers.messages import DeviceMessage, MeasurementFailed, MeasurementProgress, MeasurementTaken
from drivers.model import DeviceState, Measures
from drivers.park import open_park
from simulators.lines import PtyPlug
from tests.integration.devices.desk import desk
from tests.waiting import until


def omron(clock: str, systolic: int) -> bytes:
    """A record of format 5; `clock` as YYYY,MM,DD,hh,mm."""
    return f"{clock},{'':20},0,{systolic:03d},078,071,0\r\n".encode()


SENT: dict[str, tuple[str, dict[str, str], Sequence[bytes]]] = {
    "UA-767": ("and_ua767pc", {}, (b"804C4C4960", b"8028504860")),
    "Omron": ("omron_hbp9030", {}, (omron("2026,07,11,08,00", 152), omron("2026,07,11,09,10", 120))),
    "Omron, in one minute": ("omron_hbp9030", {}, (omron("2026,07,11,09,10", 152), omron("2026,07,11,09,10", 120))),
}


@contextmanager
def monitor(folder: Path) -> Iterator[PtyPlug]:
    """A pseudo-terminal behind a stable name, on which only the test speaks."""
    plug = PtyPlug(folder / "monitor")
    plug.plug()
    try:
        yield plug
    finally:
        plug.unplug()


class Waiting:
    """A park with one monitor, and what it has told."""

    def __init__(self, driver: str, options: dict[str, str], port: str) -> None:
        self.messages: list[DeviceMessage] = []
        config = DeviceConfig(id="cuff", driver=driver, measures=Measures.PRESSURE, port=port, options=options)
        self.park = open_park([config], self.messages.append)
        self.park.start()
        assert until(lambda: self.park.statuses()["cuff"].state is DeviceState.READY)

    def begin(self, request_id: str, timeout_s: float = 30.0) -> None:
        """Order a measurement and wait until the worker is asked to press the button."""
        self.park.measure(request_id, "cuff", {}, timeout_s)
        assert until(
            lambda: any(isinstance(one, MeasurementProgress) and one.request_id == request_id for one in self.messages)
        )

    def end(self, request_id: str) -> MeasurementTaken | MeasurementFailed:
        def ends() -> list[MeasurementTaken | MeasurementFailed]:
            kinds = (MeasurementTaken, MeasurementFailed)
            return [one for one in list(self.messages) if isinstance(one, kinds) and one.request_id == request_id]

        assert until(lambda: bool(ends()))
        return ends()[0]


@pytest.mark.parametrize("apart_s", [0.0, 0.3], ids=["one burst", "two bursts"])
@pytest.mark.parametrize("device", SENT)
def test_several_results_for_one_start_are_nobodys(tmp_path: Path, device: str, apart_s: float) -> None:
    driver, options, records = SENT[device]
    with monitor(tmp_path) as plug:
        here = Waiting(driver, options, plug.port)
        here.begin("one")
        if apart_s:
            plug.send(records[0])
            timer = threading.Timer(apart_s, plug.send, (records[1],))
            timer.start()
            timer.join()
        else:
            plug.send(b"".join(records))
        end = here.end("one")
        assert isinstance(end, MeasurementFailed), end
        assert (end.kind, end.code, end.act) == ("StaleReading", "stored", "worker")
        here.begin("two")
        plug.send(b"8028504860" if driver == "and_ua767pc" else omron("2026,07,11,09,30", 120))
        taken = here.end("two")
        assert isinstance(taken, MeasurementTaken)
        assert taken.reading.values["systolic_mmhg"] == 120
        here.park.close()


def test_one_result_sent_twice_is_one(tmp_path: Path) -> None:
    with monitor(tmp_path) as plug:
        here = Waiting("and_ua767pc", {}, plug.port)
        here.begin("one")
        plug.send(b"8028504860" * 2)
        assert isinstance(here.end("one"), MeasurementTaken)
        here.park.close()


@pytest.mark.parametrize(
    "again",
    [omron("2026,07,11,09,10", 122), omron("2026,07,11,08,30", 152), omron("2026,07,11,09,10", 131)],
    ids=["the same", "an older one", "one of the same minute"],
)
def test_a_record_is_not_taken_again_after_the_line_was_opened_anew(tmp_path: Path, again: bytes) -> None:
    """The driver is made anew with its line; what was taken must be remembered beyond it."""
    with monitor(tmp_path) as plug:
        here = Waiting("omron_hbp9030", {}, plug.port)
        here.begin("one")
        plug.send(omron("2026,07,11,09,10", 122))
        assert isinstance(here.end("one"), MeasurementTaken)
        plug.unplug()
        assert until(lambda: here.park.statuses()["cuff"].state is DeviceState.ABSENT)
        plug.plug()
        assert until(lambda: here.park.statuses()["cuff"].state is DeviceState.READY)
        here.begin("two", 3.0)
        plug.send(again)
        end = here.end("two")
        assert isinstance(end, MeasurementFailed), end
        assert end.kind == "StaleReading"
        here.begin("three")
        plug.send(omron("2026,07,11,09,30", 118))
        taken = here.end("three")
        assert isinstance(taken, MeasurementTaken)
        assert taken.reading.values["systolic_mmhg"] == 118
        here.park.close()


def test_a_simulated_monitor_that_sends_again_after_its_cable_was_out(tmp_path: Path) -> None:
    with desk(tmp_path, cuff="omron_hbp9030") as here:
        here.until_state("cuff", DeviceState.READY)
        assert isinstance(here.measure("cuff"), MeasurementTaken)
        here.bench.scenario("cuff", "stale_memory")
        here.bench.unplug("cuff")
        here.until_state("cuff", DeviceState.ABSENT)
        here.bench.replug("cuff")
        here.until_state("cuff", DeviceState.READY)
        end = here.measure("cuff", timeout_s=5.0)
        assert isinstance(end, MeasurementFailed)
        assert end.kind == "StaleReading"
