"""A&D TM-2655P: frames, error codes, the start and its refusal, what must not count."""

import pytest

from drivers.devices.and_tm2655 import ERRORS, SPEC, command
from drivers.errors import Cancelled, DeviceFault, NoResponse, StaleReading, WrongDevice
from drivers.findings import FaultSeen, MeasurementFound, StateSeen, to_json
from drivers.model import Act
from simulators.and_tm2655 import Tm2655Model
from simulators.model import apply_scenario
from tests.unit.drivers.virtual_line import (
    Clock,
    ModelLine,
    VirtualDeadline,
    VirtualRun,
    decode,
    identify,
    instrument,
    kinds,
    measure,
    values_of,
)


def record(model: Tm2655Model | None = None, origin: str = "RB") -> bytes:
    return (model or Tm2655Model()).result(origin)


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        (b"ST", "16 16 01 30 30 02 53 54 03 07"),
        (b"SP", "16 16 01 30 30 02 53 50 03 03"),
        (b"RB", "16 16 01 30 30 02 52 42 03 10"),
        (b"RP", "16 16 01 30 30 02 52 50 03 02"),
        (b"RE", "16 16 01 30 30 02 52 45 03 17"),
    ],
)
def test_commands_carry_the_published_bcc(name: bytes, frame: str) -> None:
    assert command(name) == bytes.fromhex(frame)


def test_the_line_is_the_published_one() -> None:
    assert (SPEC.line.baudrate, SPEC.line.bytesize, SPEC.line.parity, SPEC.line.stopbits) == (2400, 8, "N", 1)


def test_a_result_carries_model_clock_and_raw() -> None:
    (found,) = decode(SPEC, record())
    assert isinstance(found, MeasurementFound)
    assert found.reading.device == {"model": "TM2655"}
    assert found.reading.device_clock == "2026-07-11T09:05:00"
    assert found.reading.raw == record()
    assert found.reading.details == {"cuff_setting": 17, "largest_amplitude": 139}


def test_an_impossible_clock_is_no_reason_to_lose_the_result() -> None:
    (found,) = decode(SPEC, record(Tm2655Model(clock="2613450905")))
    assert isinstance(found, MeasurementFound)
    assert found.reading.device_clock is None


@pytest.mark.parametrize("shown", ["120", "   ", "---", "***", "  0", "ERR"])
@pytest.mark.parametrize("code", sorted(ERRORS))
def test_an_error_code_never_comes_with_a_number(code: str, shown: str) -> None:
    (found,) = decode(SPEC, record(Tm2655Model(error=code, values_on_error=shown)))
    assert isinstance(found, FaultSeen)
    assert found.code == f"E{code}"
    assert "values" not in to_json(found)


def test_an_unknown_error_code_calls_the_service() -> None:
    (found,) = decode(SPEC, record(Tm2655Model(error="99")))
    assert isinstance(found, FaultSeen)
    assert found.act is Act.SERVICE


@pytest.mark.parametrize("amplitude", range(0, 256))
def test_any_value_of_the_bcc_is_one_byte(amplitude: int) -> None:
    """The BCC may be 03, 16 or 1E itself; an acknowledgement follows in the same read."""
    data = record(Tm2655Model(amplitude=amplitude)) + bytes.fromhex("16 16 01 30 30 06")
    assert kinds(decode(SPEC, data)) == ["measurement", "state"]


def test_a_wrong_bcc_is_a_broken_frame_or_a_noted_one() -> None:
    damaged = record(Tm2655Model(bcc_shift=1))
    assert kinds(decode(SPEC, damaged)) == ["frame_error"]
    (found,) = decode(SPEC, damaged, bcc="warn")
    assert isinstance(found, MeasurementFound)
    assert found.reading.details["bcc"] == "wrong"


def test_fields_are_found_by_their_letter() -> None:
    """The other maker with this framing sends them in another order and without mean pressure."""
    body = b"\x0100\x02TM2655\x1eRB\x1eE00\x1eP 71\x1eD 78\x1eS122\x03"
    bcc = 0
    for byte in body:
        bcc ^= byte
    assert values_of(decode(SPEC, b"\x16\x16" + body + bytes([bcc]))) == [
        {"systolic_mmhg": 122, "diastolic_mmhg": 78, "pulse_bpm": 71}
    ]


@pytest.mark.parametrize(
    "model",
    [Tm2655Model(systolic_mmhg=70, diastolic_mmhg=78), Tm2655Model(systolic_mmhg=0), Tm2655Model(mean_mmhg=300)],
)
def test_pressures_that_cannot_be_are_refused(model: Tm2655Model) -> None:
    assert kinds(decode(SPEC, record(model))) == ["rejected"]


def test_a_result_sent_by_itself_counts_only_when_we_listen() -> None:
    assert kinds(decode(SPEC, record(origin="AB"))) == ["rejected"]
    assert kinds(decode(SPEC, record(origin="AB"), mode="listen")) == ["measurement"]


def test_acknowledge_and_result_in_one_read() -> None:
    found = decode(SPEC, bytes.fromhex("16 16 01 30 30 06") + record())
    assert found[0] == StateSeen("acknowledged")
    assert kinds(found) == ["state", "measurement"]


def scenario(name: str, **fields: object) -> ModelLine:
    model = Tm2655Model()
    apply_scenario(model, name)
    for key, value in fields.items():
        setattr(model, key, value)
    return ModelLine(model)


def test_a_measurement_starts_once_and_shows_the_elapsed_time() -> None:
    line = scenario("normal")
    reading, run = measure(SPEC, line)
    assert reading.values["systolic_mmhg"] == 122
    assert line.model.starts == 1
    assert run.states == ["measuring"]
    elapsed = [one.details["elapsed_s"] for one in run.reported]
    assert elapsed == sorted(elapsed)
    assert len(set(elapsed)) > 25


@pytest.mark.parametrize("code", ["11", "44", "63"])
def test_an_error_of_the_monitor_reaches_who_must_act(code: str) -> None:
    with pytest.raises(DeviceFault) as caught:
        measure(SPEC, scenario("normal", error=code))
    assert caught.value.code == f"E{code}"
    assert caught.value.act is ERRORS[code][1]


def test_a_repeat_after_an_error_works() -> None:
    line = scenario("retry")
    with pytest.raises(DeviceFault):
        measure(SPEC, line)
    assert measure(SPEC, line)[0].values["systolic_mmhg"] == 122


def test_a_refused_start_is_tried_once_more() -> None:
    line = scenario("refused")
    with pytest.raises(DeviceFault) as caught:
        measure(SPEC, line)
    assert caught.value.code == "refused"
    assert line.model.starts == 2


def test_a_result_before_the_acknowledgement_is_somebody_elses() -> None:
    line = scenario("stale_memory", systolic_mmhg=190)
    reading, _ = measure(SPEC, line)
    assert reading.values["systolic_mmhg"] == 190
    assert line.sent.endswith(command(b"ST"))
    assert line.clock.now_s > 20.0, "the stored record must not end the measurement"


def test_a_measurement_of_somebody_before_us_is_ended_first() -> None:
    line = scenario("normal", systolic_mmhg=190)
    line.write(command(b"ST"))
    line.pass_time(20.0)
    line.model.systolic_mmhg = 122
    line.sent = line.waiting = b""
    began_s = line.clock.now_s
    driver = instrument(SPEC, line)
    run = VirtualRun(VirtualDeadline(line.clock, began_s + 120.0))
    assert driver.measure(run).values["systolic_mmhg"] == 122
    assert line.clock.now_s - began_s > 25.0, "a whole measurement of our own"
    assert line.sent == command(b"SP") + command(b"ST")
    driver.measure(VirtualRun(VirtualDeadline(line.clock, line.clock.now_s + 120.0)))
    assert line.sent == command(b"SP") + command(b"ST") * 2, "what ended by itself needs no stop"


def test_running_out_of_time_lets_the_air_out() -> None:
    line = scenario("stuck")
    with pytest.raises(NoResponse):
        measure(SPEC, line, timeout_s=150.0)
    assert line.model.stops == 2


def test_calling_off_lets_the_air_out() -> None:
    line = scenario("normal")
    with pytest.raises(Cancelled):
        measure(SPEC, line, cancel_at="measuring")
    assert (line.model.stops, line.model.cuff_mmhg) == (2, 0.0)


def test_the_worker_presses_the_button_in_mode_listen() -> None:
    line = scenario("normal")
    pressed = Tm2655Model()
    line.model = pressed
    reads = line.read

    def read(size: int = 256) -> bytes:
        if line.clock.now_s > 1.0 and not pressed.starts:
            pressed.starts = 1
            pressed._outbox += pressed.result("AB")  # somebody presses the monitor's own button
        return reads(size)

    line.read = read
    reading, _ = measure(SPEC, line, mode="listen")
    assert reading.values["diastolic_mmhg"] == 78
    assert line.sent == b""


def test_another_model_is_the_wrong_device() -> None:
    with pytest.raises(WrongDevice):
        measure(SPEC, scenario("wrong_device"))


def test_it_is_known_from_the_configuration_until_its_first_record() -> None:
    line = scenario("normal")
    assert identify(SPEC, line).model == "TM-2655P"
    assert line.sent == b""


class HastyLine:
    """A monitor whose acknowledgement and result arrive in one read."""

    def __init__(self, clock: Clock, result: bytes) -> None:
        self._clock, self._result = clock, result
        self._waiting = b""

    def write(self, data: bytes) -> None:
        acknowledged = bytes.fromhex("161601303006")
        self._waiting = acknowledged + (self._result if b"ST" in data else b"")

    def read(self, size: int = 256) -> bytes:
        self._clock.now_s += 0.1
        taken, self._waiting = self._waiting, b""
        return taken

    def discard_input(self) -> None:
        self._waiting = b""


def test_a_result_in_one_read_with_the_acknowledgement_is_not_lost() -> None:
    clock = Clock()
    monitor = SPEC.make_serial(
        HastyLine(clock, record()), {name: option.default for name, option in SPEC.options.items()}
    )
    reading = monitor.measure(VirtualRun(VirtualDeadline(clock, 200.0)))
    assert reading.values["systolic_mmhg"] == Tm2655Model().systolic_mmhg


@pytest.mark.parametrize("mode", ["start", "listen"])
def test_several_results_for_one_start_are_nobodys(mode: str) -> None:
    clock = Clock()
    options = {name: option.default for name, option in SPEC.options.items()} | {"mode": mode}
    origin = "RB" if mode == "start" else "AB"
    stored = record(Tm2655Model(systolic_mmhg=152), origin) + record(origin=origin)
    line = HastyLine(clock, stored)
    monitor = SPEC.make_serial(line, options)
    if mode == "listen":
        line.discard_input = lambda: line.write(b"ST")
    with pytest.raises(StaleReading) as caught:
        monitor.measure(VirtualRun(VirtualDeadline(clock, 200.0)))
    assert caught.value.code == "stored"
