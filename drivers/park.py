"""All configured devices of one terminal: one worker thread per port or bus, no device waits for another.

This is the face that the terminal sees; `worker` runs a line, `transport` opens it, `registry` knows the drivers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Protocol

from drivers.config import DeviceConfig
from drivers.deadline import MonotonicDeadline
from drivers.messages import DeviceMessage, DeviceStatus
from drivers.order_watch import OrderWatch
from drivers.orders import Order
from drivers.ports import Instrument
from drivers.registry import Attached, attach
from drivers.spec import Transport
from drivers.transport.modbus_bus import ModbusBus
from drivers.transport.serial_line import SerialLine
from drivers.worker import LineWorker, Opened


class Park(Protocol):
    """What the exam core needs of the devices; tests hand in their own."""

    def start(self) -> None:
        """Start the workers. Returns at once; states arrive as `DeviceStatusChanged`."""
        ...

    def measure(self, request_id: str, device_id: str, options: Mapping[str, str], timeout_s: float) -> None:
        """Order one measurement. Exactly one `MeasurementTaken` or `MeasurementFailed` with this id follows."""
        ...

    def cancel(self, request_id: str) -> None:
        """Call a measurement off; it ends as `MeasurementFailed` of kind `Cancelled` (or as taken, if it just was)."""
        ...

    def statuses(self) -> Mapping[str, DeviceStatus]: ...

    def close(self) -> None:
        """Stop all workers and close all ports; waits for the threads, but for no more than 1.5 s."""
        ...


CLOSE_S = 1.5
"""A thread that hangs longer than this is left behind; it closes its line when it comes back."""

Post = Callable[[DeviceMessage], None]


class LinePark:
    """The real park: one `LineWorker` per port; a device without a line (manual entry) has a worker of its own."""

    def __init__(self, devices: Sequence[Attached], post: Post, today: Callable[[], date]) -> None:
        groups: dict[str, list[Attached]] = {}
        for device in devices:
            groups.setdefault(line_of(device), []).append(device)
        self._workers = [LineWorker(group, partial(open_line, group), post, today) for group in groups.values()]
        self._worker_of = {name: worker for worker in self._workers for name in worker.statuses()}
        self._watch = OrderWatch(lambda order: self._worker_of[order.device_id].give_up(order))

    def start(self) -> None:
        self._watch.start()
        for worker in self._workers:
            worker.start()

    def measure(self, request_id: str, device_id: str, options: Mapping[str, str], timeout_s: float) -> None:
        """Raises `KeyError` for a device that is not configured."""
        order = Order(request_id, device_id, options, MonotonicDeadline(timeout_s))
        worker = self._worker_of[device_id]
        self._watch.add(order)
        worker.order(order)

    def cancel(self, request_id: str) -> None:
        for order in self._watch.open_orders():
            if order.request_id == request_id:
                order.off.set()

    def statuses(self) -> Mapping[str, DeviceStatus]:
        return {name: status for worker in self._workers for name, status in worker.statuses().items()}

    def close(self) -> None:
        for order in self._watch.open_orders():
            order.off.set()
        for worker in self._workers:
            worker.stop()
        ended_by = MonotonicDeadline(CLOSE_S)
        for worker in self._workers:
            worker.join(ended_by.left_s)
        self._watch.close()
        for order in self._watch.open_orders():
            self._worker_of[order.device_id].refuse(order)


def open_park(
    devices: Sequence[DeviceConfig],
    post: Post,
    *,
    today: Callable[[], date] | None = None,
    production: bool = False,
) -> Park:
    """Make the park for these devices; workers post their messages through `post`, from their own threads.

    `today` (default: the kiosk's date) decides whether a verification has expired; in `production` a driver whose
    quality ledger has something to do is refused. Raises `ConfigError` with all faults of the configuration.
    """
    return LinePark(attach(devices, production=production), post, today or _today)


def line_of(device: Attached) -> str:
    """Devices with the same key share a line; an instrument without a cable has one of its own."""
    return f"manual:{device.config.id}" if device.spec.transport is Transport.MANUAL else device.config.port


def open_line(devices: Sequence[Attached]) -> Opened:
    """Open the line that these devices share and make their instruments. Raises `Unavailable`."""
    spec, config = devices[0].spec, devices[0].config
    settings = replace(devices[0].line, echo=any(device.line.echo for device in devices))
    instruments: dict[str, Instrument] = {}
    if spec.make_modbus is not None:
        bus = ModbusBus(config.port, settings)
        for device in devices:
            if device.spec.make_modbus is not None:
                instruments[device.config.id] = device.spec.make_modbus(bus, device.config.unit, device.options)
        return Opened(bus, instruments)
    if spec.make_serial is not None:
        line = SerialLine(config.port, settings)
        return Opened(line, {config.id: spec.make_serial(line, devices[0].options)})
    if spec.make_manual is not None:
        return Opened(NoLine(), {config.id: spec.make_manual(devices[0].options)})
    raise TypeError(f"driver {spec.name} makes no instrument")


class NoLine:
    """The line of an instrument that has none."""

    def discard_input(self) -> None:
        """Nothing can be waiting."""

    def close(self) -> None:
        """Nothing to close."""


def _today() -> date:
    return datetime.now(UTC).astimezone().date()
