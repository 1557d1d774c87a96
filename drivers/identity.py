"""Identity of a device: its own statement, completed and checked by the configuration."""

from dataclasses import replace

from drivers.errors import WrongDevice
from drivers.model import DeviceIdentity, Reading
from drivers.registry import Attached

_LONGEST_TEXT = 200


def with_configured_serial(identity: DeviceIdentity, attached: Attached) -> DeviceIdentity:
    """Complete the identity from the configuration; a different serial number is a different instrument."""
    said = (identity.maker, identity.model, identity.serial_number or "", identity.firmware or "")
    if any(len(text) > _LONGEST_TEXT or (text and not text.isprintable()) for text in said):
        raise WrongDevice(
            f"{attached.config.id}: what answers on {attached.config.port} names itself unreadably; check unit and port",
            code="unreadable_identity",
        )
    configured = attached.config.serial_number
    if identity.serial_number is None:
        return replace(identity, serial_number=configured, serial_source="configuration")
    if configured is not None and configured != identity.serial_number:
        raise WrongDevice(
            f"{attached.config.id}: serial number {identity.serial_number} is on {attached.config.port}, the "
            f"configuration expects {configured}; correct one of them",
            code="wrong_serial",
        )
    return identity


def identity_of_reading(reading: Reading, known: DeviceIdentity | None, attached: Attached) -> DeviceIdentity:
    """What identification knew, corrected by what the frame of the result itself says. Raises `WrongDevice`."""
    spec = attached.spec
    identity = known or DeviceIdentity(spec.maker, spec.model, medical_device=spec.medical_device)
    if "serial" in reading.device:
        identity = replace(identity, serial_number=reading.device["serial"], serial_source="device")
    identity = replace(
        identity,
        model=reading.device.get("model", identity.model),
        firmware=reading.device.get("firmware", identity.firmware),
    )
    return with_configured_serial(identity, attached)
