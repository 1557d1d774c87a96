"""What every driver promises on its simulated instrument, on good and bad lines, in virtual time."""

import pytest

from drivers.errors import Cancelled, DeviceError, FrameError, NoResponse, StaleReading, Unavailable, WrongDevice
from drivers.model import Reading
from simulators.catalogue import catalogue
from simulators.lines import Wire
from tests.contract.rig import SIMULATED, WITHOUT_CHECKSUM, Rig, gone_after, rig

SEEDS = range(1, 6)
SCENARIOS = [(name, scenario) for name in SIMULATED for scenario in catalogue()[name].SCENARIOS]


def is_true(reading: Reading, here: Rig) -> bool:
    """Whether what was read is what the model measured, for every value that the model holds under a name."""
    truth = here.truth()
    known = [name for name in reading.values if name in truth]
    close = (abs(float(str(truth[name])) - float(reading.values[name])) < 0.051 for name in known)
    return all(close)


@pytest.mark.parametrize("name", SIMULATED)
@pytest.mark.parametrize(("situation", "chunk"), [("perfect", 256), ("perfect", 1), ("delays", 256)])
def test_a_slow_or_broken_up_line_changes_nothing(name: str, situation: str, chunk: int) -> None:
    here = rig(name, wire=Wire(situation), chunk=chunk)
    here.identify()
    reading = here.measure()
    assert reading.values
    assert is_true(reading, here)
    assert reading.raw


@pytest.mark.parametrize("name", SIMULATED)
def test_a_high_value_is_read_as_it_is(name: str) -> None:
    here = rig(name, "high")
    assert is_true(here.measure(), here)


@pytest.mark.parametrize("name", SIMULATED)
@pytest.mark.parametrize("situation", ["loss", "noise"])
def test_a_bad_line_gives_the_truth_or_an_error(name: str, situation: str) -> None:
    outcomes = [outcome(rig(name, wire=Wire(situation, seed))) for seed in SEEDS]
    assert all(isinstance(one, DeviceError) or one for one in outcomes) or name in WITHOUT_CHECKSUM


def outcome(here: Rig) -> DeviceError | bool:
    """The error, or whether the value is true."""
    try:
        reading = here.measure()
    except DeviceError as error:
        return error
    return is_true(reading, here)


@pytest.mark.parametrize(("name", "scenario"), SCENARIOS)
def test_every_situation_ends_in_a_true_value_or_an_error(name: str, scenario: str) -> None:
    here = rig(name, scenario)
    started_s = here.line.clock.now_s
    found = outcome(here)
    assert (str(found) and found.code) if isinstance(found, DeviceError) else found
    assert here.line.clock.now_s - started_s < 230.0, "the driver outlived its deadline"


@pytest.mark.parametrize("name", SIMULATED)
def test_silence_is_an_error_in_time(name: str) -> None:
    here = rig(name, "silence")
    with pytest.raises(DeviceError) as caught:
        here.measure(timeout_s=60.0)
    assert isinstance(caught.value, NoResponse)
    assert here.line.clock.now_s < 75.0


@pytest.mark.parametrize("name", SIMULATED)
def test_a_wrong_baud_rate_is_garbage_and_no_value(name: str) -> None:
    """At a wrong rate a device's bytes arrive as others: bits inverted and shifted here."""
    here = rig(name)
    here.line.spoil = lambda data: bytes(((byte << 1) ^ 0xA7) & 0xFF for byte in data)
    with pytest.raises((FrameError, NoResponse, WrongDevice)):
        here.measure(timeout_s=60.0)


@pytest.mark.parametrize("name", ["and_tm2655", "dingo_e200", "calex_pyrominibus"])
def test_garbage_is_told_from_silence(name: str) -> None:
    here = rig(name)
    here.line.spoil = lambda data: bytes(((byte << 1) ^ 0xA7) & 0xFF for byte in data)
    with pytest.raises(FrameError):
        here.measure(timeout_s=60.0)


@pytest.mark.parametrize("name", SIMULATED)
def test_a_cable_pulled_in_the_middle_of_a_frame_and_put_back(name: str) -> None:
    here = rig(name)
    with gone_after(here.line, received_bytes=3), pytest.raises(Unavailable):
        here.measure()
    here.line.pass_time(2.0)
    assert is_true(here.measure(), here)


@pytest.mark.parametrize("name", SIMULATED)
def test_it_can_be_called_off_and_used_again(name: str) -> None:
    here = rig(name)
    run = here.run()
    run.cancelled = True
    with pytest.raises(Cancelled):
        here.instrument.measure(run)
    here.line.pass_time(5.0)
    assert is_true(here.measure(), here)


@pytest.mark.parametrize("name", SIMULATED)
def test_what_waited_on_the_line_before_is_forgotten(name: str) -> None:
    """The last result of somebody else lies in the input: the next person must not get it."""
    first = rig(name, "high")
    heard = bytearray()
    carry = first.line.spoil
    first.line.spoil = lambda data: (heard.extend(data), carry(data))[1]
    first.measure()
    here = rig(name)
    here.line.waiting = bytes(heard)
    assert is_true(here.measure(), here)


@pytest.mark.parametrize("name", SIMULATED)
def test_asking_who_is_there_starts_nothing(name: str) -> None:
    here = rig(name)
    before = {key: value for key, value in vars(here.model).items() if key in ("starts", "tests", "written", "phase")}
    identity = here.identify()
    assert identity.maker
    assert identity.model
    assert identity.medical_device == here.spec.medical_device
    after = {key: vars(here.model)[key] for key in before}
    assert {**after, "phase": None} == {**before, "phase": None}
    assert before.get("phase") in (None, after.get("phase"))


STARTED = [
    "and_tm2655", "and_ua767pc", "dingo_e200", "omron_hbp9030", "suntech_advantage", "winsen_ze29a",
]  # fmt: skip
"""Drivers that give one result for one start; the others show a record until it is acknowledged, or a value again and again."""


END_OF_RECORD = {"omron_hbp9030": b"\r\n"}
"""What does not belong to the raw bytes of a record and ends it."""


@pytest.mark.parametrize("name", STARTED)
def test_two_results_that_come_together_are_nobodys(name: str) -> None:
    """Right behind each result comes another one, of somebody else."""
    others = rig(name, "high").measure().raw
    here = rig(name)
    ours = rig(name).measure().raw
    assert ours != others
    here.line.spoil = lambda data: data.replace(ours, ours + END_OF_RECORD.get(name, b"") + others)
    with pytest.raises(StaleReading) as caught:
        here.measure()
    assert caught.value.code == "stored"
