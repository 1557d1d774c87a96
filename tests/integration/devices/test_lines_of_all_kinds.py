"""pyserial's URLs under our line, its settings, and what is left behind after many openings."""

import os
import threading
from pathlib import Path

import pytest

from drivers.config import DeviceConfig
from drivers.errors import Unavailable
from drivers.messages import MeasurementTaken
from drivers.model import DeviceState, Measures
from drivers.park import open_line, open_park
from drivers.registry import attach
from drivers.spec import LineSettings
from drivers.transport.serial_line import SerialLine
from simulators.bench import Bench
from tests.integration.devices.desk import Desk, desk


def test_what_is_written_to_a_loop_comes_back_and_is_forgotten() -> None:
    line = SerialLine("loop://", LineSettings())
    line.write(b"abc")
    assert line.read(2) == b"ab"
    line.discard_input()
    assert line.read() == b""
    line.close()


@pytest.mark.parametrize(
    "url", ["/dev/serial/by-id/usb-nobody", "hwgrep://no-such-device", "socket://127.0.0.1:9", "nonsense://x"]
)
def test_a_port_that_is_not_there_is_named(url: str) -> None:
    with pytest.raises(Unavailable, match="plug the device in or correct the port") as caught:
        SerialLine(url, LineSettings())
    assert url in str(caught.value)
    assert caught.value.code == "not_found"


def test_a_session_can_be_spied_on(tmp_path: Path) -> None:
    with Bench(tmp_path, 20.0) as bench:
        bench.add("breathalyzer", "dingo_e200")
        bench.start()
        log = tmp_path / "session.log"
        url = f"spy://{bench.port('breathalyzer')}?file={log}"
        here = Desk(bench, [DeviceConfig(id="breath", driver="dingo_e200", measures=Measures.BREATH, port=url)])
        here.park.start()
        here.until_state("breath", DeviceState.READY)
        assert isinstance(here.measure("breath"), MeasurementTaken)
        here.park.close()
        assert "STARTSENTECH" in log.read_text("utf-8")


def test_line_settings_reach_the_port(tmp_path: Path) -> None:
    """A pseudo-terminal works at any rate, so what the port was opened with is looked at."""
    with Bench(tmp_path) as bench:
        bench.add("tonometer", "and_tm2655")
        bench.add("thermometer", "ct100")
        fields = {"id": "a", "driver": "and_tm2655", "measures": "pressure", "port": bench.port("tonometer")}
        for given, expected in (({}, (2400, "N")), ({"baudrate": 9600, "parity": "E"}, (9600, "E"))):
            opened = open_line(attach([DeviceConfig.model_validate(fields | given)]))
            assert (opened.line._port.baudrate, opened.line._port.parity) == expected
            opened.line.close()
        fields = {"id": "b", "driver": "ct100", "measures": "temperature", "port": bench.port("thermometer")}
        opened = open_line(attach([DeviceConfig.model_validate(fields)]))
        assert opened.line._wire._port.baudrate == 19200
        opened.line.close()


def test_an_open_line_is_ours_alone(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        bench.add("tonometer", "and_tm2655")
        line = SerialLine(bench.port("tonometer"), LineSettings())
        with pytest.raises(Unavailable) as caught:
            SerialLine(bench.port("tonometer"), LineSettings())
        assert caught.value.code == "port_in_use"
        line.close()
        SerialLine(bench.port("tonometer"), LineSettings()).close()


def test_nothing_is_left_behind_after_many_sessions(tmp_path: Path) -> None:
    with desk(tmp_path, breathalyzer="dingo_e200", thermometer="calex_pyrominibus") as here:
        here.until_state("thermometer", DeviceState.READY)
        files = len(os.listdir("/proc/self/fd"))
        threads = threading.active_count()
        for _ in range(8):
            here.bench.unplug("thermometer")
            here.until_state("thermometer", DeviceState.ABSENT)
            here.bench.replug("thermometer")
            here.until_state("thermometer", DeviceState.READY)
        assert len(os.listdir("/proc/self/fd")) <= files
        assert threading.active_count() == threads
    before = threading.active_count()
    for _ in range(20):
        park = open_park([DeviceConfig(id="a", driver="dingo_e200", measures=Measures.BREATH, port="/dev/none")], print)
        park.start()
        park.close()
    assert threading.active_count() == before
