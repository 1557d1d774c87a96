"""Errors of devices and lines. The type says what happened, `act` says who must do something about it.

Anything else that is raised below a worker thread is our own bug and is not caught there.
"""

from drivers.model import Act


class DeviceError(Exception):
    """Base; raise a child. `code` is for the engineer, the message for people."""

    act: Act = Act.SERVICE
    code: str = "device"

    def __init__(self, message: str, *, code: str | None = None, act: Act | None = None) -> None:
        if type(self) is DeviceError:
            raise TypeError("DeviceError is abstract: raise one of its children")
        super().__init__(message)
        self.code = code or type(self).code
        self.act = act or type(self).act


class Unavailable(DeviceError):
    """The port is not there, was pulled out or belongs to another program: plug it in, or free it."""

    code = "unavailable"


class NoResponse(DeviceError):
    """The port is open and the device says nothing in time."""

    code = "no_response"


class FrameError(DeviceError):
    """Only garbage came, or frames with wrong checksums: cable, line settings or noise."""

    code = "frame"


class WrongDevice(DeviceError):
    """Something else answers on this port, or the device is set to another output format."""

    code = "wrong_device"


class DeviceFault(DeviceError):
    """The device itself says that it could not measure; `act` says whether the worker or the service can help."""

    code = "fault"


class StaleReading(DeviceError):
    """The device offered a stored, held or late result: nobody measured now."""

    code = "stale"
    act = Act.WORKER


class Cancelled(DeviceError):
    """The worker or the exam called the measurement off."""

    code = "cancelled"
    act = Act.WORKER
