"""Optris CT: golden replies, one reply per command, and the simulated instrument."""

import pytest

from drivers.config import ConfigError
from drivers.devices.optris_ct import SPEC
from drivers.errors import Cancelled, DeviceFault, FrameError, NoResponse, WrongDevice
from drivers.findings import MeasurementFound, StateSeen
from simulators.optris_ct import OptrisCt
from tests.unit.drivers.virtual_line import (
    ModelLine,
    ScriptedLine,
    VirtualDeadline,
    VirtualRun,
    decode,
    identify,
    in_scenario,
    instrument,
    kinds,
    measure,
    values_of,
)


@pytest.mark.parametrize(("reply", "celsius"), [("04D3", 23.5), ("0556", 36.6), ("03E8", 0.0), ("03DE", -1.0)])
def test_golden_replies(reply: str, celsius: float) -> None:
    (found,) = decode(SPEC, bytes.fromhex(reply))
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"temperature_celsius": celsius}
    assert found.reading.raw == bytes.fromhex(reply)


def test_hs_models_send_hundredths() -> None:
    assert values_of(decode(SPEC, (13662).to_bytes(2, "big"), resolution="hundredths")) == [
        {"temperature_celsius": 36.62}
    ]


@pytest.mark.parametrize(
    ("reply", "data", "state"),
    [
        ("head", "04E3", StateSeen("head_temperature", {"celsius": 25.1})),
        ("box", "04E3", StateSeen("box_temperature", {"celsius": 25.1})),
        ("processor", "04E3", StateSeen("processor_temperature", {"celsius": 25.1})),
        ("emissivity", "03B6", StateSeen("emissivity", {"share": 0.95})),
        ("transmission", "03E8", StateSeen("transmission", {"share": 1.0})),
        ("serial", "7A6590", StateSeen("serial_number", {"serial_number": "8021392"})),
    ],
)
def test_other_replies_are_no_measurement(reply: str, data: str, state: StateSeen) -> None:
    assert decode(SPEC, bytes.fromhex(data), reply=reply) == [state]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("05", ["frame_error"]),
        ("FFFF", ["frame_error"]),
        ("0000", ["frame_error"]),
        ("05560556", ["frame_error"]),
        ("055605", ["frame_error"]),
        ("FFFF0556", ["frame_error"]),
    ],
)
def test_every_byte_is_accounted_for(data: str, expected: list[str]) -> None:
    assert kinds(decode(SPEC, bytes.fromhex(data))) == expected


def test_an_unasked_reply_is_refused() -> None:
    assert kinds(decode(SPEC, bytes.fromhex("0556"), session="no")) == ["rejected"]


@pytest.mark.parametrize(("name", "celsius"), [("normal", 36.6), ("high", 38.4), ("retry", 36.6)])
def test_measures_a_forehead(name: str, celsius: float) -> None:
    reading, run = measure(SPEC, ModelLine(in_scenario(OptrisCt(), name), chunk=1))
    assert reading.values == {"temperature_celsius": celsius}
    assert "waiting_for_forehead" in run.states


def test_measures_with_an_hs_model_on_a_bus() -> None:
    line = ModelLine(OptrisCt(hs_model=True, bus_address=5))
    reading, _ = measure(SPEC, line, resolution="hundredths", address="5")
    assert reading.values == {"temperature_celsius": 36.6}
    assert line.sent.startswith(b"\xb5\x01")


@pytest.mark.parametrize(
    ("name", "error"),
    [("nobody", DeviceFault), ("stuck", DeviceFault), ("silence", NoResponse), ("corrupted", FrameError)],
)
def test_every_bad_situation_has_its_own_error(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        measure(SPEC, ModelLine(in_scenario(OptrisCt(), name)), timeout_s=20.0)


def test_two_replies_to_one_command_are_not_trusted() -> None:
    line = ScriptedLine([(b"\x01", bytes.fromhex("05560556"))] * 3)
    with pytest.raises(FrameError, match="4 bytes where a reply has 2"):
        measure(SPEC, line)


def test_a_late_reply_does_not_count() -> None:
    model = OptrisCt(forehead_celsius=39.0, comes_after_s=0.0, warms_s=0.1)
    line = ModelLine(model)
    line.write(b"\x01")
    line.pass_time(1.0)
    model.forehead_celsius = 36.4
    assert line.waiting
    assert measure(SPEC, line)[0].values == {"temperature_celsius": 36.4}


def test_cancelled_midway() -> None:
    with pytest.raises(Cancelled):
        measure(SPEC, ModelLine(OptrisCt()), cancel_at="waiting_for_forehead")


def test_cancelled_while_it_does_not_answer() -> None:
    class CalledOff(ModelLine):
        def read(self, size: int = 256) -> bytes:
            run.cancelled = True
            return super().read(size)

    line = CalledOff(OptrisCt(silent=True))
    run = VirtualRun(VirtualDeadline(line.clock, 20.0))
    with pytest.raises(Cancelled):
        instrument(SPEC, line).measure(run)


def test_identity_is_the_serial_number() -> None:
    line = ModelLine(OptrisCt())
    identity = identify(SPEC, line)
    assert (identity.serial_number, identity.serial_source) == ("8021456", "device")
    assert line.sent == b"\x04\x0e"
    with pytest.raises(NoResponse):
        identify(SPEC, ModelLine(OptrisCt(silent=True)))


@pytest.mark.parametrize(("name", "value"), [("address", "99"), ("steady_readings", "0")])
def test_a_wrong_option_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        instrument(SPEC, ModelLine(OptrisCt()), **{name: value})


def test_a_torn_serial_number_is_not_taken() -> None:
    with pytest.raises(FrameError, match="2 bytes where a reply has 3"):
        identify(SPEC, ScriptedLine([(b"\x04", b"\x03\xb6"), *[(b"\x0e", b"\x7a\x65")] * 3]))


def test_a_stranger_is_refused() -> None:
    with pytest.raises(WrongDevice, match="something else"):
        identify(SPEC, ScriptedLine([(b"\x04", b"\x80\x48")]))


def test_a_lost_reply_is_asked_for_again() -> None:
    line = ScriptedLine([(b"\x04", b""), (b"\x04", b"\x03\xb6"), (b"\x0e", b"\x7a\x65\x90")])
    assert identify(SPEC, line).serial_number == "8021392"
