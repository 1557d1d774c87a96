"""A bench of simulated devices and a real park on top of it, for tests: orders a measurement and waits for its end."""

import queue
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from drivers.config import DeviceConfig
from drivers.messages import (
    DeviceMessage,
    DeviceStatus,
    DeviceStatusChanged,
    MeasurementFailed,
    MeasurementProgress,
    MeasurementTaken,
)
from drivers.model import DeviceState, Measures
from drivers.park import Park, open_park
from drivers.registry import driver
from simulators.bench import Bench
from tests.waiting import LONGEST_S

End = MeasurementTaken | MeasurementFailed


class Desk:
    """Messages of a park in the order in which they came."""

    def __init__(self, bench: Bench, devices: Sequence[DeviceConfig]) -> None:
        self.bench = bench
        self.messages: list[DeviceMessage] = []
        self._queue: queue.SimpleQueue[DeviceMessage] = queue.SimpleQueue()
        self.park: Park = open_park(devices, self._queue.put)
        self._requests = 0

    def next_message(self, wanted: Callable[[DeviceMessage], bool], timeout_s: float = LONGEST_S) -> DeviceMessage:
        """Wait for the next message that is wanted; keeps all of them in `messages`."""
        until = time.monotonic() + timeout_s
        while (left := until - time.monotonic()) > 0:
            try:
                message = self._queue.get(timeout=left)
            except queue.Empty:
                break
            self.messages.append(message)
            if wanted(message):
                return message
        raise TimeoutError(f"what was waited for did not come; came: {self.messages}")

    def until_state(self, device_id: str, state: DeviceState) -> DeviceStatus:
        """Wait until the device is in this state. What was told of it before is passed over: it may be long past."""
        end_s = time.monotonic() + LONGEST_S
        while (status := self.park.statuses()[device_id]).state is not state:
            if time.monotonic() > end_s:
                raise TimeoutError(f"{device_id} is {status}, not {state}; came: {self.messages}")
            with suppress(queue.Empty):
                self.messages.append(self._queue.get(timeout=0.02))
        return status

    def until_told(self, device_id: str, state: DeviceState) -> None:
        """Wait for the word that the device is in this state, for one that may be over before somebody looks."""
        self.next_message(
            lambda one: (
                isinstance(one, DeviceStatusChanged) and one.status.device_id == device_id and one.status.state is state
            )
        )

    def order(self, device_id: str, options: Mapping[str, str] | None = None, timeout_s: float = 60.0) -> str:
        self._requests += 1
        request_id = f"request-{self._requests}"
        self.park.measure(request_id, device_id, options or {}, timeout_s)
        return request_id

    def end_of(self, request_id: str, timeout_s: float = LONGEST_S) -> End:
        for message in self.messages:
            if isinstance(message, MeasurementTaken | MeasurementFailed) and message.request_id == request_id:
                return message
        message = self.next_message(
            lambda one: isinstance(one, MeasurementTaken | MeasurementFailed) and one.request_id == request_id,
            timeout_s,
        )
        assert isinstance(message, MeasurementTaken | MeasurementFailed)
        return message

    def until_progress(self, request_id: str, state: str, timeout_s: float = LONGEST_S) -> None:
        self.next_message(
            lambda one: isinstance(one, MeasurementProgress) and one.request_id == request_id and one.state == state,
            timeout_s,
        )

    def measure(self, device_id: str, options: Mapping[str, str] | None = None, timeout_s: float = 60.0) -> End:
        return self.end_of(self.order(device_id, options, timeout_s), timeout_s + LONGEST_S)

    def states_of(self, request_id: str) -> list[str]:
        """States that the worker saw on the screen, without repetition."""
        states: list[str] = []
        for message in self.messages:
            of_this = isinstance(message, MeasurementProgress) and message.request_id == request_id
            if of_this and states[-1:] != [message.state]:
                states.append(message.state)
        return states


def configured(bench: Bench, **drivers_by_id: str) -> list[DeviceConfig]:
    """A configuration for devices on the bench, each with its driver's default settings."""
    return [
        DeviceConfig(id=name, driver=name_of_driver, measures=measured_by(name_of_driver), port=bench.port(name))
        for name, name_of_driver in drivers_by_id.items()
    ]


def measured_by(name_of_driver: str) -> Measures:
    return driver(name_of_driver).measures[0]


@contextmanager
def desk(folder: Path, speed: float = 20.0, transport: str = "pty", **devices: str) -> Iterator[Desk]:
    """A running bench with these devices and a started park."""
    with Bench(folder, speed) as bench:
        for name, device in devices.items():
            bench.add(name, device, transport=transport)
        bench.start()
        opened = Desk(bench, configured(bench, **devices))
        opened.park.start()
        try:
            yield opened
        finally:
            opened.park.close()
