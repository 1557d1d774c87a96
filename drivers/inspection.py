"""Checking the configured devices of a terminal: found, identity, self-test, verification; nothing is measured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from drivers.config import DeviceConfig
from drivers.deadline import MonotonicDeadline
from drivers.errors import DeviceError, DeviceFault, Unavailable, WrongDevice
from drivers.identity import with_configured_serial
from drivers.model import DeviceIdentity, Value
from drivers.park import line_of, open_line
from drivers.ports import Instrument, SelfTesting
from drivers.registry import Attached, attach
from drivers.worker import Opened

ASK_S = 5.0
"""How long one device may take to answer."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """One configured device. `problem` is empty when it may measure; `act` says who must act otherwise."""

    device_id: str
    driver: str
    port: str
    found: bool
    identity: DeviceIdentity | None
    self_test: str
    """`passed`, `failed`, or `none` for an instrument that offers none."""
    verified_until: date | None
    verification_days_left: int | None
    problem: str = ""
    code: str = ""
    act: str = ""


def inspect(devices: Sequence[DeviceConfig], today: date) -> Iterator[Inspected]:
    """Check each device, one result after the other as it is known. Raises `ConfigError` before the first one."""
    attached = attach(devices)
    lines: dict[str, Opened | Unavailable] = {}
    try:
        for device in attached:
            yield _inspected(device, _line_of(device, attached, lines), today)
    finally:
        for line in lines.values():
            if isinstance(line, Opened):
                line.line.close()


def _line_of(
    device: Attached, attached: Sequence[Attached], lines: dict[str, Opened | Unavailable]
) -> Opened | Unavailable:
    key = line_of(device)
    if key not in lines:
        try:
            lines[key] = open_line([other for other in attached if line_of(other) == key])
        except Unavailable as error:
            lines[key] = error
    return lines[key]


def _inspected(device: Attached, line: Opened | Unavailable, today: date) -> Inspected:
    config = device.config
    identity: DeviceIdentity | None = None
    self_test = "none"
    problem: DeviceError | None = line if isinstance(line, Unavailable) else None
    try:
        if isinstance(line, Opened):
            instrument = line.instruments[config.id]
            identity = instrument.identify(MonotonicDeadline(ASK_S))
            identity = with_configured_serial(identity, device)
            self_test = "passed" if _tested(instrument) is not None else "none"
    except DeviceFault as error:
        self_test, problem = "failed", error
    except DeviceError as error:
        problem = error
    days = None if config.verified_until is None else (config.verified_until - today).days
    if problem is None and days is not None and days < 0:
        text = f"{config.id}: the verification ended on {config.verified_until}; have the instrument verified"
        problem = DeviceFault(text, code="verification_expired")
    return Inspected(
        config.id,
        config.driver,
        config.port,
        identity is not None or isinstance(problem, DeviceFault | WrongDevice),
        identity,
        self_test,
        config.verified_until,
        days,
        "" if problem is None else str(problem),
        "" if problem is None else problem.code,
        "" if problem is None else str(problem.act),
    )


def _tested(instrument: Instrument) -> dict[str, Value] | None:
    if not isinstance(instrument, SelfTesting):
        return None
    return dict(instrument.self_test(MonotonicDeadline(ASK_S)))
