"""What the park promises when something is wrong: the right error for the right person, and the others go on."""

import itertools
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import serial

import drivers.park as park_module
from drivers.config import ConfigError, DeviceConfig
from drivers.errors import Unavailable
from drivers.messages import DeviceStatusChanged, MeasurementFailed, MeasurementTaken
from drivers.model import Derivation, DeviceState, Measures
from drivers.park import open_park
from drivers.registry import attach
from drivers.worker import RECHECK_BESIDE_SILENT_S, REOPEN_S, LineWorker, Opened
from simulators.bench import Bench
from simulators.calex_pyrominibus import CalexModel
from simulators.shared_line import SharedLine
from tests.integration.devices.desk import Desk, configured, desk
from tests.waiting import LONGEST_S, until


def test_a_port_that_another_program_holds(tmp_path: Path) -> None:
    with Bench(tmp_path, 20.0) as bench:
        bench.add("thermometer", "calex_pyrominibus")
        bench.add("breathalyzer", "dingo_e200")
        bench.start()
        with serial.serial_for_url(bench.port("thermometer"), exclusive=True):
            here = Desk(bench, configured(bench, thermometer="calex_pyrominibus", breathalyzer="dingo_e200"))
            here.park.start()
            status = here.until_state("thermometer", DeviceState.FAULT)
            assert status.reason.startswith("port_in_use")
            assert bench.port("thermometer") in status.reason
            end = here.measure("thermometer")
            assert isinstance(end, MeasurementFailed)
            assert (end.kind, end.code, end.act) == ("Unavailable", "port_in_use", "service")
            here.until_state("breathalyzer", DeviceState.READY)
        here.until_state("thermometer", DeviceState.READY)
        assert isinstance(here.measure("thermometer"), MeasurementTaken)
        here.park.close()


def test_a_unit_that_is_busy_for_ever_is_not_called_ready(tmp_path: Path) -> None:
    with desk(tmp_path, thermometer="calex_pyrominibus") as here:
        here.until_state("thermometer", DeviceState.READY)
        here.bench.scenario("thermometer", "busy")
        end = here.measure("thermometer")
        assert isinstance(end, MeasurementFailed)
        assert (end.code, end.act) == ("modbus_6", "worker")
        here.bench.unplug("thermometer")
        here.until_state("thermometer", DeviceState.ABSENT)
        here.bench.replug("thermometer")
        assert here.until_state("thermometer", DeviceState.FAULT).reason.startswith("modbus_6")


def test_a_living_unit_is_asked_soon_when_another_one_of_its_line_is_silent(tmp_path: Path) -> None:
    """Else nobody would notice for half a minute that it is the line, and not the one unit."""
    alive, dead = CalexModel(unit=1), CalexModel(unit=2, mute=True)
    with Bench(tmp_path, 20.0) as bench:
        bench.add_model("bus", SharedLine([alive, dead]))
        bench.start()
        units = (("one", 1), ("two", 2))
        fields = {"driver": "calex_pyrominibus", "measures": Measures.TEMPERATURE, "port": bench.port("bus")}
        here = Desk(bench, [DeviceConfig(id=name, unit=unit, **fields) for name, unit in units])
        here.park.start()
        here.until_state("one", DeviceState.READY)
        here.next_message(
            lambda one: (
                isinstance(one, DeviceStatusChanged)
                and one.status.device_id == "two"
                and one.status.reason.startswith("no_response")
            )
        )
        assert until(lambda: here.park._worker_of["one"]._places["one"].recheck.left_s <= RECHECK_BESIDE_SILENT_S, 10.0)
        here.park.close()


def test_a_dead_unit_on_a_bus_leaves_the_others_alone(tmp_path: Path) -> None:
    alive, dead = CalexModel(unit=1, serial=111), CalexModel(unit=2, serial=222, mute=True)
    with Bench(tmp_path, 20.0) as bench:
        bench.add_model("bus", SharedLine([alive, dead]))
        bench.start()
        port = bench.port("bus")
        here = Desk(
            bench,
            [
                DeviceConfig(id=name, driver="calex_pyrominibus", measures=Measures.TEMPERATURE, port=port, unit=unit)
                for name, unit in (("one", 1), ("two", 2))
            ],
        )
        here.park.start()
        here.until_state("one", DeviceState.READY)
        assert here.park.statuses()["two"].state is DeviceState.ABSENT
        failed = here.measure("two")
        assert isinstance(failed, MeasurementFailed)
        assert failed.kind == "NoResponse"
        for _ in range(2):
            taken = here.measure("one")
            assert isinstance(taken, MeasurementTaken)
            assert taken.identity.serial_number == "111"
        dead.mute = False
        here.until_state("two", DeviceState.READY)
        taken = here.measure("two")
        assert isinstance(taken, MeasurementTaken)
        assert taken.identity.serial_number == "222"
        here.park.close()


def test_another_serial_number_is_another_instrument(tmp_path: Path) -> None:
    with Bench(tmp_path, 20.0) as bench:
        bench.add("thermometer", "calex_pyrominibus")
        bench.start()
        config = configured(bench, thermometer="calex_pyrominibus")[0].model_copy(update={"serial_number": "999"})
        here = Desk(bench, [config])
        here.park.start()
        assert here.until_state("thermometer", DeviceState.FAULT).reason.startswith("wrong_serial")
        end = here.measure("thermometer")
        assert isinstance(end, MeasurementFailed)
        assert (end.kind, end.act) == ("WrongDevice", "service")
        here.park.close()


def test_an_expired_verification_measures_nobody(tmp_path: Path) -> None:
    with Bench(tmp_path, 20.0) as bench:
        bench.add("thermometer", "calex_pyrominibus")
        bench.start()
        config = configured(bench, thermometer="calex_pyrominibus")[0]
        config = config.model_copy(update={"verified_until": date(2026, 6, 30)})
        messages: list[object] = []
        ended = threading.Event()

        def post(message: object) -> None:
            messages.append(message)
            if isinstance(message, MeasurementFailed | MeasurementTaken):
                ended.set()

        park = open_park([config], post, today=lambda: date(2026, 7, 1))
        park.start()
        park.measure("request", "thermometer", {}, LONGEST_S)
        assert ended.wait(LONGEST_S)
        park.close()
        failed = next(one for one in messages if isinstance(one, MeasurementFailed))
        assert (failed.code, failed.act) == ("verification_expired", "service")
        assert "2026-06-30" in failed.message


def test_a_typed_result_is_marked_as_typed() -> None:
    config = DeviceConfig(
        id="spare",
        driver="manual_entry",
        measures=Measures.PRESSURE,
        port="manual",
        serial_number="7788",
        options={"maker": "Severny Pribor", "model": "TN-1"},
    )
    done = threading.Event()
    ends: list[object] = []

    def post(message: object) -> None:
        if isinstance(message, MeasurementFailed | MeasurementTaken):
            ends.append(message)
            done.set()

    park = open_park([config], post)
    park.start()
    park.measure("typed", "spare", {"systolic_mmhg": "128", "diastolic_mmhg": "81", "pulse_bpm": "66"}, LONGEST_S)
    assert done.wait(LONGEST_S)
    taken = ends[0]
    assert isinstance(taken, MeasurementTaken)
    assert taken.reading.derivation is Derivation.MANUAL
    assert (taken.identity.maker, taken.identity.serial_number) == ("Severny Pribor", "7788")
    done.clear()
    park.measure("slip", "spare", {"systolic_mmhg": "1280", "diastolic_mmhg": "81"}, LONGEST_S)
    assert done.wait(LONGEST_S)
    failed = ends[1]
    assert isinstance(failed, MeasurementFailed)
    assert (failed.code, failed.act) == ("impossible_value", "medic")
    park.close()


def test_a_line_that_opens_and_dies_is_not_hammered() -> None:
    """The pause between openings grows as long as nobody has answered."""

    class DeadLine:
        def discard_input(self) -> None:
            raise Unavailable("gone again", code="line_lost")

        def close(self) -> None:
            """Nothing to close."""

    failures: list[int] = []
    enough = threading.Event()

    def open_line() -> Opened:
        failures.append(worker._failures)
        if len(failures) == 4:
            enough.set()
        return Opened(DeadLine(), {})

    config = DeviceConfig(id="a", driver="dingo_e200", measures=Measures.BREATH, port="/dev/a")
    worker = LineWorker(attach([config]), open_line, lambda message: None, lambda: date(2026, 7, 1))
    worker.start()
    assert enough.wait(LONGEST_S)
    worker.stop()
    worker.join()
    assert failures[:4] == [0, 1, 2, 3]
    assert sorted(REOPEN_S) == list(REOPEN_S)


def test_a_state_is_told_once(tmp_path: Path) -> None:
    with desk(tmp_path, thermometer="calex_pyrominibus") as here:
        here.until_state("thermometer", DeviceState.READY)
        here.measure("thermometer")
        states = [one.status.state for one in here.messages if isinstance(one, DeviceStatusChanged)]
        assert all(one is not other for one, other in itertools.pairwise(states))


def test_after_the_end_nothing_waits_for_ever(tmp_path: Path) -> None:
    with desk(tmp_path, thermometer="calex_pyrominibus") as here:
        here.until_state("thermometer", DeviceState.READY)
        here.bench.change("thermometer", present=False)
        running = here.order("thermometer")
        here.until_progress(running, "waiting_for_forehead")
        waiting = here.order("thermometer")
        here.park.close()
        ends = [here.end_of(running), here.end_of(waiting), here.measure("thermometer")]
        assert [one.kind for one in ends if isinstance(one, MeasurementFailed)] == ["Cancelled"] * 3
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("line:")]


def test_a_fault_of_ours_is_told_and_stops_nobody_else(tmp_path: Path) -> None:
    with Bench(tmp_path, 20.0) as bench:
        bench.add("thermometer", "calex_pyrominibus")
        bench.start()
        here = Desk(bench, configured(bench, thermometer="calex_pyrominibus"))

        def explode(*_: object, **__: object) -> None:
            raise ZeroDivisionError("planted")

        here.park.start()
        here.until_state("thermometer", DeviceState.READY)
        worker = here.park._worker_of["thermometer"]
        worker._opened.instruments["thermometer"].measure = explode
        end = here.measure("thermometer")
        assert isinstance(end, MeasurementFailed)
        assert (end.kind, end.act) == ("InternalError", "service")
        later = here.measure("thermometer")
        assert isinstance(later, MeasurementFailed)
        assert later.kind == "InternalError"
        del worker._opened.instruments["thermometer"].measure
        assert isinstance(here.measure("thermometer"), MeasurementTaken)
        here.park.close()


@pytest.mark.parametrize("where", ["identify", "open"])
def test_a_fault_of_ours_in_the_care_of_a_line_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """A device whose answer our driver stumbles over must not end the kiosk at each start."""
    with Bench(tmp_path, 20.0) as bench:
        bench.add("thermometer", "calex_pyrominibus")
        bench.start()
        stumbles = [IndexError("out of range"), IndexError("out of range")]
        if where == "identify":
            own = LineWorker._identify

            def identify(self: Any, *rest: Any) -> None:
                if stumbles:
                    raise stumbles.pop()
                own(self, *rest)

            monkeypatch.setattr(LineWorker, "_identify", identify)
        else:
            own_open = park_module.open_line

            def open_line(*rest: Any) -> Any:
                if stumbles:
                    raise stumbles.pop()
                return own_open(*rest)

            monkeypatch.setattr(park_module, "open_line", open_line)
        here = Desk(bench, configured(bench, thermometer="calex_pyrominibus"))
        here.park.start()
        here.until_state("thermometer", DeviceState.FAULT)
        here.until_state("thermometer", DeviceState.READY)
        assert isinstance(here.measure("thermometer"), MeasurementTaken)
        here.park.close()


def test_a_late_order_is_not_served_and_an_early_cancel_is(tmp_path: Path) -> None:
    with desk(tmp_path, thermometer="calex_pyrominibus") as here:
        here.until_state("thermometer", DeviceState.READY)
        here.bench.change("thermometer", present=False)
        running = here.order("thermometer")
        here.until_progress(running, "waiting_for_forehead")
        late = here.order("thermometer", timeout_s=0.0)
        waiting = here.order("thermometer")
        here.park.cancel(waiting)
        here.park.cancel("nobody's")
        here.park.cancel(running)
        ends = [here.end_of(one) for one in (running, late, waiting)]
        assert [(one.kind, one.code) for one in ends if isinstance(one, MeasurementFailed)] == [
            ("Cancelled", "cancelled"),
            ("NoResponse", "late"),
            ("Cancelled", "cancelled"),
        ]
        here.bench.change("thermometer", present=True)
        assert isinstance(here.measure("thermometer"), MeasurementTaken)


def config_of(name: str, **fields: object) -> DeviceConfig:
    return DeviceConfig.model_validate(
        {"id": name, "driver": "and_tm2655", "measures": "pressure", "port": "/dev/a"} | fields
    )


@pytest.mark.parametrize(
    ("devices", "told"),
    [
        ([config_of("a"), config_of("b", driver="dingo_e200", measures="breath")], ["device.a", "device.b", "/dev/a"]),
        ([config_of("a", driver="nobody")], ["device.a", "nobody: no such driver"]),
        ([config_of("a", options={"bcc": "no"})], ["device.a.options.bcc", "strict, warn"]),
        ([config_of("a", options={"colour": "red"})], ["device.a.options.colour"]),
        ([config_of("a", measures="breath")], ["device.a: and_tm2655 does not measure breath"]),
        (
            [
                config_of("a", driver="calex_pyrominibus", measures="temperature"),
                config_of("b", driver="ct100", measures="temperature"),
            ],
            ["share unit 1 on /dev/a"],
        ),
        (
            [
                config_of("a", driver="calex_pyrominibus", measures="temperature"),
                config_of("b", driver="ct100", measures="temperature", unit=2),
            ],
            ["device.a", "device.b", "want different line settings on /dev/a"],
        ),
        ([config_of("a", driver="modbus_profile", measures="temperature")], ["modbus_profile does not measure"]),
        ([config_of("a", driver="modbus_profile", options={"profile": "/nowhere.toml"})], ["/nowhere.toml"]),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(devices: list[DeviceConfig], told: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        open_park(devices, lambda message: None)
    text = "\n".join(caught.value.faults)
    assert all(one in text for one in told), text


def test_all_faults_are_listed_together() -> None:
    with pytest.raises(ConfigError) as caught:
        open_park([config_of("a", driver="nobody"), config_of("b", measures="breath")], lambda message: None)
    assert len(caught.value.faults) == 2
