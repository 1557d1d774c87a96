"""A bench of simulated devices on real lines: one thread moves the models on and carries their bytes.

bench = Bench(folder, speed=20)
bench.add("thermometer", "calex_pyrominibus")
bench.start()
bench.port("thermometer")        # a link in `folder`, or an URL
"""

import os
import select
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulators.catalogue import catalogue
from simulators.lines import SITUATIONS, Plug, PtyPlug, TcpPlug, Wire
from simulators.model import DeviceModel, apply_scenario

_TICK_S = 0.01
"""Longest pause between two looks at the models, real seconds."""
_STEP_S = 0.05
"""Longest step of a model, simulated seconds."""
_CABLE_OUT_S, _CABLE_IN_S = 5.0, 20.0
"""In the situation `unplug`, real seconds."""
_LONGEST_JUMP_S = 0.5
"""After a stall of this process the models go on from there instead of rushing after the clock; real seconds."""


@dataclass
class _Station:
    """One device at its line."""

    model: DeviceModel
    plug: Plug
    wire: Wire
    flapping_s: float | None = None
    """Real seconds since the cable last came out or went in, in the situation `unplug`."""


class Bench:
    """Simulated devices by the name that the caller gives each. All methods may be called from any thread."""

    def __init__(self, folder: Path, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError("speed must be above 0")
        self._folder = folder
        self._speed = speed
        self._stations: dict[str, _Station] = {}
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        self._thread = threading.Thread(target=self._run, name="bench", daemon=True)

    def add(self, name: str, device: str, *, scenario: str = "normal", transport: str = "pty") -> None:
        """Put a device of the catalogue on the bench; `transport` is `pty` or `tcp`.

        Raises `ValueError` for an unknown device, scenario or transport, or a name that is taken.
        """
        if device not in catalogue():
            raise ValueError(f"there is no simulated {device!r}, there are: {', '.join(catalogue())}")
        if name in self._stations:
            raise ValueError(f"there is a {name!r} on the bench already")
        model = catalogue()[device]()
        self.add_model(name, model, transport=transport)
        self.scenario(name, scenario)

    def add_model(self, name: str, model: DeviceModel, *, transport: str = "pty") -> None:
        """Put a model of the caller's own on the bench."""
        self._folder.mkdir(parents=True, exist_ok=True)
        plug: Plug
        match transport:
            case "pty":
                plug = PtyPlug(self._folder / name)
            case "tcp":
                modbus_tcp = hasattr(model, "tcp")
                if modbus_tcp:
                    setattr(model, "tcp", True)  # noqa: B010 (the protocol of models does not know this field)
                plug = TcpPlug("tcp" if modbus_tcp else "socket")
            case _:
                raise ValueError(f"unknown transport {transport!r}, there are: pty, tcp")
        with self._changed:
            plug.plug()
            self._stations[name] = _Station(model, plug, Wire())
        self._wake()

    def start(self) -> None:
        self._thread.start()

    def port(self, name: str) -> str:
        """What to write as `port` into the configuration of a terminal."""
        return self._station(name).plug.port

    def names(self) -> Mapping[str, str]:
        """Name -> device of the catalogue."""
        return {name: station.model.NAME for name, station in self._stations.items()}

    def scenario(self, name: str, scenario: str) -> None:
        """Set a named situation of the device (`normal`, `high`, …), of the line (`split`, `noise`, …) or `unplug`.

        A situation of the line leaves the device in `normal`; where both know it (`retry`), it is the device's. In `unplug`
        the cable comes out, is back after 5 s, and so on until another situation is set. Raises `ValueError` for an
        unknown one.
        """
        station = self._station(name)
        if scenario == "unplug":
            with self._changed:
                station.flapping_s = 0.0
                station.plug.unplug()
            return
        of_line = scenario in SITUATIONS and scenario not in type(station.model).SCENARIOS
        with self._changed:
            apply_scenario(station.model, "normal" if of_line else scenario)
            station.wire = Wire(scenario if of_line else "perfect")
            if station.flapping_s is not None:
                station.flapping_s = None
                station.plug.plug()
            self._changed.notify_all()

    def line(self, name: str, situation: str) -> None:
        """Set what the line does to the bytes and leave the device as it is."""
        with self._changed:
            self._station(name).wire = Wire(situation)

    def change(self, name: str, **fields: object) -> None:
        """Set fields of the model while it runs. Raises `ValueError` for a field that it does not have."""
        model = self._station(name).model
        with self._changed:
            for field_name, value in fields.items():
                if field_name.startswith("_") or not hasattr(model, field_name):
                    raise ValueError(f"{model.NAME} has no field {field_name!r}")
                setattr(model, field_name, value)
            self._changed.notify_all()

    def wait_for(self, name: str, condition: Callable[[Any], bool], timeout_s: float) -> None:
        """Wait until the model is as wanted. Raises `TimeoutError`."""
        model = self._station(name).model
        with self._changed:
            if not self._changed.wait_for(lambda: condition(model), timeout_s):
                raise TimeoutError(f"{name}: not as wanted within {timeout_s} s: {model}")

    def look(self, name: str) -> dict[str, object]:
        """Public fields of the model as they are now."""
        model = self._station(name).model
        with self._changed:
            return {key: value for key, value in vars(model).items() if not key.startswith("_")}

    def unplug(self, name: str) -> None:
        with self._changed:
            self._station(name).plug.unplug()

    def replug(self, name: str) -> None:
        with self._changed:
            self._station(name).plug.plug()
        self._wake()

    def close(self) -> None:
        """Stop the thread and take all lines away."""
        self._stopping.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join()
        with self._changed:
            for station in self._stations.values():
                station.plug.unplug()
        for end in (self._wake_read, self._wake_write):
            os.close(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _station(self, name: str) -> _Station:
        if name not in self._stations:
            raise ValueError(f"there is no {name!r} on the bench, there are: {', '.join(self._stations)}")
        return self._stations[name]

    def _wake(self) -> None:
        os.write(self._wake_write, b".")

    def _run(self) -> None:
        before = time.monotonic()
        while not self._stopping.is_set():
            now = time.monotonic()
            passed_s = min(now - before, _LONGEST_JUMP_S)
            before = now
            with self._changed:
                for station in self._stations.values():
                    _flap(station, passed_s)
                    _serve(station, passed_s * self._speed)
                self._changed.notify_all()
                ends = [end for station in self._stations.values() for end in station.plug.filenos()]
                busy = any(station.wire.busy for station in self._stations.values())
            self._sleep(ends, 0.001 if busy else _TICK_S)

    def _sleep(self, ends: list[int], seconds: float) -> None:
        """Until a host says something, the bench is changed, or the next look is due."""
        try:
            ready, _, _ = select.select([self._wake_read, *ends], [], [], seconds)
        except (OSError, ValueError):
            return  # a line was unplugged while we slept on it
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)


def _flap(station: _Station, passed_s: float) -> None:
    if station.flapping_s is None:
        return
    station.flapping_s += passed_s
    is_in = bool(station.plug.filenos())
    if station.flapping_s >= (_CABLE_IN_S if is_in else _CABLE_OUT_S):
        station.flapping_s = 0.0
        if is_in:
            station.plug.unplug()
        else:
            station.plug.plug()


def _serve(station: _Station, dt: float) -> None:
    received = station.plug.receive()
    if received:
        station.model.receive(received)
    left_s = dt
    while left_s > 0:
        step_s = min(left_s, _STEP_S)
        station.model.tick(step_s)
        left_s -= step_s
        station.plug.send(station.wire.carry(station.model.transmit(), step_s))
