"""Register profiles: what a faulty one is told, what its values become, and a started measuring cycle."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import pytest

from drivers.config import ConfigError
from drivers.devices.modbus_profile import spec_of
from drivers.errors import Cancelled, DeviceError, DeviceFault, NoResponse, StaleReading, WrongDevice
from drivers.findings import FaultSeen, MeasurementFound, Rejected, StateSeen
from drivers.modbus_adu import answer_adu
from drivers.ports import RegisterBlock
from drivers.profile import Profile, parse_profile
from drivers.registers import Registers, judge
from drivers.registry import driver
from tests.contract.rig import decoded
from tests.unit.drivers.virtual_line import Clock, VirtualDeadline, VirtualRun

CYCLE = """
name = "bench_cuff"
maker = "Severny Pribor"
model = "BC-1"
version = "2.1"
origin = "site"
source = "an invented map for this test"
medical_device = false
measures = ["pressure"]
[link]
poll_period_s = 0.2
[identity]
register = 0
expected = [77]
[block]
address = 0x20
count = 4
[[point]]
name = "systolic_mmhg"
register = 0x20
type = "u16"
decimals = 0
unit = "mm[Hg]"
range = [30, 300]
missing = [65535]
[[point]]
name = "diastolic_mmhg"
register = 0x21
type = "u16"
decimals = 0
unit = "mm[Hg]"
range = [15, 250]
[[point]]
name = "cuff_turns"
register = 0x22
type = "s32"
word_order = "little"
decimals = 0
unit = "1"
range = [-100000, 100000]
result = false
[cycle]
start_register = 0x10
start_value = 1
state_register = 0x11
error_register = 0x12
reset_register = 0x10
reset_value = 0
states = [
  { value = 0, state = "idle", timeout_s = 5 },
  { value = 1, state = "inflating", timeout_s = 20 },
  { value = 2, state = "done" },
  { value = 3, state = "error" },
]
errors = [{ value = 5, code = "leak", message = "the cuff leaks", act = "worker" }]
"""


def calex() -> dict[str, Any]:
    return tomllib.loads(files("drivers").joinpath("profiles/calex_pyrominibus.toml").read_text("utf-8"))


def faults_of(content: Mapping[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_profile("site.toml", content)
    return "\n".join(caught.value.faults)


def test_all_faults_of_a_profile_are_listed_with_their_place() -> None:
    content = calex() | {"version": "one", "colour": "red"}
    content["point"][0]["type"] = "u17"
    content["link"]["function"] = 5
    told = faults_of(content)
    for place in ("version", "colour", "point.0.type", "link.function"):
        assert place in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"block": {"address": 11, "count": 2}}, "register 0x000e is outside of the block"),
        ({"settle": None}, "exactly one of settle and cycle"),
        ({"status": [{"register": 99, "bit": 0, "code": "x", "message": "x"}]}, "status x: register 0x0063"),
    ],
)
def test_parts_that_do_not_fit_together(change: dict[str, Any], told: str) -> None:
    assert told in faults_of(calex() | change)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("unit", "[degF]", "temperature_celsius is in Cel"),
        ("name", "temp", "is none of"),
        ("range", [40.0, 30.0], "the lower limit must be below"),
        ("scale", 0, "must not be 0"),
    ],
)
def test_faulty_points(key: str, value: object, told: str) -> None:
    content = calex()
    content["point"][0][key] = value
    assert told in faults_of(content)


def judged(words: tuple[int, ...]) -> object:
    return judge(parse_profile("calex", calex()), Registers(0x0B, words), b"adu")


def test_a_negative_value_is_negative() -> None:
    found = judged((0, 0, 0, 0xFFF6, 0, 281, 0))
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"temperature_celsius": -1.0}
    assert found.reading.details == {"sensor_celsius": 28.1, "profile": "calex_pyrominibus/1"}


@pytest.mark.parametrize("bit", range(5))
def test_each_fatal_status_bit_makes_the_value_unusable(bit: int) -> None:
    found = judged((365, 360, 367, 366, 366, 281, 1 << bit))
    assert isinstance(found, FaultSeen)
    assert found.code == calex()["status"][bit]["code"]


def test_a_value_out_of_the_range_of_the_instrument_is_refused() -> None:
    assert isinstance(judged((0, 0, 0, 10001, 0, 281, 0)), Rejected)


def test_a_room_is_nobodys_temperature() -> None:
    (found,) = decoded("calex_pyrominibus", answer_adu([234, 230, 235, 234, 234, 229, 0]))
    assert isinstance(found, Rejected)
    assert "waiting_for_forehead" in found.reason


@dataclass
class CuffBus:
    """A bus with the invented cuff: `script` gives its state register, one entry per question, the last one repeats."""

    script: list[int]
    words: tuple[int, ...] = (120, 80, 0x0001, 0xFFFF)
    identity: int = 77
    written: list[tuple[int, int]] = field(default_factory=list)

    def read_registers(
        self, unit: int, address: int, count: int, *, function: int = 3, timeout_s: float = 0.5
    ) -> RegisterBlock:
        if address == 0x11:
            return RegisterBlock(address, (self.script.pop(0) if len(self.script) > 1 else self.script[0],))
        answers = {0: (self.identity,), 0x12: (5,), 0x20: self.words}
        return RegisterBlock(address, answers[address][:count], b"", b"reply")

    def write_register(self, unit: int, address: int, value: int, *, timeout_s: float = 0.5) -> None:
        self.written.append((address, value))


def cycle(bus: CuffBus, cancelled: bool = False, timeout_s: float = 60.0) -> object:
    spec = spec_of(profile_of(CYCLE))
    assert spec.make_modbus is not None
    run = VirtualRun(VirtualDeadline(Clock(), timeout_s), cancelled=cancelled)
    return spec.make_modbus(bus, 1, {}).measure(run)


def profile_of(text: str) -> Profile:
    return parse_profile("cuff", tomllib.loads(text))


def test_a_started_measurement_is_read_when_it_is_done() -> None:
    bus = CuffBus([0, 0, 1, 1, 2])
    reading = cycle(bus)
    assert reading.values == {"systolic_mmhg": 120, "diastolic_mmhg": 80}
    assert reading.details["cuff_turns"] == -65535
    assert reading.details["profile"] == "bench_cuff/2.1"
    assert bus.written == [(0x10, 0), (0x10, 1), (0x10, 0)]


@pytest.mark.parametrize(
    ("bus", "kind", "code"),
    [
        (CuffBus([2]), StaleReading, "stale"),
        (CuffBus([0, 1, 3]), DeviceFault, "leak"),
        (CuffBus([0, 1]), NoResponse, "state_timeout"),
        (CuffBus([0, 9]), WrongDevice, "wrong_device"),
        (CuffBus([0], identity=78), WrongDevice, "wrong_device"),
        (CuffBus([0, 1, 2], words=(65535, 80, 0, 0)), StaleReading, "no_value"),
    ],
)
def test_every_way_in_which_a_cycle_fails(bus: CuffBus, kind: type[DeviceError], code: str) -> None:
    with pytest.raises(kind) as caught:
        cycle(bus)
    assert caught.value.code == code


def test_a_cycle_that_is_called_off_is_reset() -> None:
    bus = CuffBus([0, 1])
    with pytest.raises(Cancelled):
        cycle(bus, cancelled=True)
    assert bus.written[-1] == (0x10, 0)


def test_a_profile_of_the_site_is_a_driver(tmp_path: Any) -> None:
    path = tmp_path / "cuff.toml"
    path.write_text(CYCLE, encoding="utf-8")
    assert driver("modbus_profile", {"profile": str(path)}).model == "BC-1"
    path.write_text(CYCLE.replace("count = 4", "count = 400"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"block\.count"):
        driver("modbus_profile", {"profile": str(path)})


def test_an_exception_of_the_error_register_is_told_by_its_number() -> None:
    unknown = CYCLE.replace("value = 5, code", "value = 6, code")
    silent = unknown.replace("error_register = 0x12", "")
    for text, code in ((unknown, "error_5"), (silent, "fault")):
        make = spec_of(profile_of(text)).make_modbus
        assert make is not None
        with pytest.raises(DeviceFault) as caught:
            make(CuffBus([0, 1, 3]), 1, {}).measure(VirtualRun(VirtualDeadline(Clock(), 60.0)))
        assert caught.value.code == code


def test_other_registers_are_shown_as_they_are() -> None:
    (found,) = decoded("calex_pyrominibus", answer_adu([9800]), block="7")
    assert found == StateSeen("registers", {"address": 7, "words": "2648"})


def test_an_identity_of_another_instrument_is_a_fault() -> None:
    (found,) = decoded("calex_pyrominibus", answer_adu([21, 1]), block="0")
    assert isinstance(found, FaultSeen)
    assert found.code == "wrong_device"


def test_a_missing_value_is_no_value_and_a_missing_detail_is_left_out() -> None:
    profile = profile_of(CYCLE)
    assert isinstance(judge(profile, Registers(0x20, (65535, 80, 0, 0)), b""), Rejected)
    text = CYCLE.replace("result = false", "result = false\nmissing = [7]")
    found = judge(profile_of(text), Registers(0x20, (120, 80, 7, 0)), b"")
    assert isinstance(found, MeasurementFound)
    assert "cuff_turns" not in found.reading.details


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("count = 4", "count = 4\n[settle]\npoint = 'x'\nlow = 1\nhigh = 2\nspread = 1\nhold_s = 1", "exactly one of"),
        ('state = "done"', 'state = "ended"', "no state is called done"),
        ('name = "cuff_turns"', 'name = "diastolic_mmhg"', "declared more than once"),
        ("poll_period_s = 0.2", "largest_block = 3", "more than link.largest_block"),
        ("[link]", "[link]\naddress_base = 1\n", "register 0 does not exist"),
        ('unit = "mm[Hg]"\nrange', 'result = false\nunit = "mm[Hg]"\nrange', "none of them is a result"),
    ],
)
def test_a_cycle_that_does_not_fit_together(old: str, new: str, told: str) -> None:
    text = CYCLE.replace(old, new)
    if "address_base" in new:
        text = text.replace("address = 0x20", "address = 0").replace("register = 0x20", "register = 0")
        text = text.replace("register = 0x21", "register = 1").replace("register = 0x22", "register = 2")
    assert told in faults_of(tomllib.loads(text))


@pytest.mark.parametrize(
    ("low", "high", "point", "told"),
    [(43, 32, "temperature_celsius", "low must be below high"), (32, 43, "x", "no point x")],
)
def test_a_settling_that_does_not_fit(low: float, high: float, point: str, told: str) -> None:
    content = calex()
    content["settle"] |= {"low": low, "high": high, "point": point}
    assert told in faults_of(content)
