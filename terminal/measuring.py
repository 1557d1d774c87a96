"""Chooses the device for a step, and turns a device's reading into the exam's measurement. No thread of its own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Literal

from drivers.config import DeviceConfig
from drivers.messages import MeasurementFailed, MeasurementTaken
from drivers.model import DeviceIdentity, Reading
from sync.contract.canonical import new_id
from sync.contract.exam import Device, Failure, Measurement
from terminal.config import TerminalConfig
from terminal.exam import events
from terminal.exam.effects import MeasuringStep
from terminal.exam.model import AT_ONCE_S, STOPPED_AT_ONCE, ExamState, Stamp

RUN_OPTIONS: Mapping[str, Mapping[str, str]] = {"breath": {"test": "precise"}}
"""What a step asks of its device: breath alcohol is measured with a number, never only as pass or fail."""

TIMEOUT_S: Mapping[str, float] = {"temperature": 60.0, "pressure": 180.0, "breath": 200.0}
"""The longest a measurement of a step may take, from the devices' own cycles."""


def is_verification_expired(device: DeviceConfig, today: date) -> bool:
    """A device whose verification date has passed must not measure (regulation: measuring parts must be verified)."""
    return device.verified_until is not None and device.verified_until < today


def expired_devices(config: TerminalConfig, today: date) -> tuple[str, ...]:
    """Ids of devices that an exam needs and that must not measure any more."""
    needed = (config.device_for(step) for step in config.plan().steps)
    return tuple(device.id for device in needed if device is not None and is_verification_expired(device, today))


def start_event(state: ExamState, device: DeviceConfig, step: MeasuringStep, stamp: Stamp) -> events.MeasurementStarted:
    """The next attempt of a step begins; its request id is what the answer must carry."""
    return events.MeasurementStarted(
        exam_id=state.exam_id,
        stamp=stamp,
        step=step,
        attempt=state.attempt + 1,
        request_id=new_id(),
        device_id=device.id,
    )


def answer_event(
    message: MeasurementTaken | MeasurementFailed,
    state: ExamState,
    config: TerminalConfig,
    stamp: Stamp,
    *,
    stopped: Stamp | None = None,
) -> events.MeasurementTaken | events.MeasurementFailed:
    """What the device answered to the current start, as an event. `stopped`: when the worker told it to stop."""
    device = next(device for device in config.device if device.id == message.device_id)
    if isinstance(message, MeasurementFailed):
        if message.act == "worker" and is_at_once(state, stopped):
            message = replace(message, code=STOPPED_AT_ONCE)
        failure = failure_of(message, state.attempt, str(device.measures), stamp)
        return events.MeasurementFailed(
            exam_id=state.exam_id, stamp=stamp, request_id=message.request_id, failure=failure
        )
    measurement = measurement_of(message, state.attempt, device, stamp, config.identity.generation)
    return events.MeasurementTaken(
        exam_id=state.exam_id, stamp=stamp, request_id=message.request_id, measurement=measurement
    )


def is_at_once(state: ExamState, stopped: Stamp | None) -> bool:
    """Whether the current try was stopped before anything could be measured, by the monotonic clock."""
    began = state.measuring_since
    if stopped is None or began is None or began.boot_id != stopped.boot_id:
        return False
    return stopped.monotonic_s - began.monotonic_s <= AT_ONCE_S


def expired(device: DeviceConfig, request_id: str) -> MeasurementFailed:
    """The answer of a device that must not measure any more, given in its place."""
    reason = f"verification of {device.id} ended on {device.verified_until}"
    return MeasurementFailed(request_id, device.id, "VerificationExpired", "verification_expired", reason, "service")


def measurement_of(
    message: MeasurementTaken,
    attempt: int,
    device: DeviceConfig,
    stamp: Stamp,
    generation: Literal["real", "demo", "test"],
) -> Measurement:
    """The reading as it is kept, with the device that gave it and the raw bytes it came from."""
    reading = message.reading
    return Measurement(
        measurement_id=new_id(),
        step=device.measures.value,
        attempt=attempt,
        at=stamp.at,
        values=dict(reading.values),
        device=_device_of(message.identity, reading, device),
        derivation=reading.derivation.value,
        generation=generation,
        raw_hex=reading.raw.hex(),
        device_clock=reading.device_clock,
        details=dict(reading.details),
    )


def failure_of(message: MeasurementFailed, attempt: int, step: str, stamp: Stamp) -> Failure:
    """The failed try as it is kept."""
    act: Literal["worker", "service", "medic"] = (
        "worker" if message.act == "worker" else "medic" if message.act == "medic" else "service"
    )
    return Failure(
        step=step,
        attempt=attempt,
        at=stamp.at,
        device_id=message.device_id,
        kind=message.kind,
        code=message.code[:200],
        message=message.message[:200],
        act=act,
    )


def _device_of(identity: DeviceIdentity, reading: Reading, device: DeviceConfig) -> Device:
    said = reading.device.get("serial")
    return Device(
        device_id=device.id,
        driver=device.driver,
        maker=identity.maker,
        model=identity.model,
        serial=said or identity.serial_number,
        serial_source="device" if said else identity.serial_source,
        firmware=reading.device.get("firmware") or identity.firmware,
        medical_device=identity.medical_device,
        verified_until=device.verified_until,
    )
