"""The scripted worker's commands to the robot over the socket, with errors that say what was on the screen."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class KioskTrouble(Exception):
    """The kiosk did not do what the script expected."""


class Hand:
    """Presses, waits and takes pictures in a kiosk process that runs a robot."""

    def __init__(self, socket_path: Path, pictures: Path) -> None:
        self._path = socket_path
        self._pictures = pictures
        self._socket: socket.socket | None = None
        self._lines: Any = None
        self._count = 0
        self.taken: list[str] = []

    def connect(self, is_alive: Callable[[], bool], timeout_s: float = 120.0) -> None:
        """Wait for the kiosk's robot and connect to it (again, after a restart of the kiosk)."""
        deadline = time.monotonic() + timeout_s
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self._path))
                break
            except OSError as error:
                connection.close()
                if not is_alive():
                    raise KioskTrouble("the kiosk ended while starting") from error
                if time.monotonic() > deadline:
                    raise KioskTrouble(f"the kiosk did not come up within {timeout_s:.0f} s") from error
                time.sleep(0.05)
        connection.settimeout(300)
        self._socket, self._lines = connection, connection.makefile("rb")

    def disconnect(self) -> None:
        """Forget the connection; the kiosk is gone."""
        if self._socket is not None:
            self._lines.close()
            self._socket.close()
            self._socket = None

    def wait(self, *names: str, other_than: str = "", gone: str = "", timeout_s: float = 60.0) -> str:
        """Wait until one of the items is visible, and `gone` is not; returns its name."""
        command = {"do": "wait", "for": list(names), "not": other_than, "gone": gone, "timeout_s": timeout_s}
        return str(self._do(command)["found"])

    def click(self, name: str, timeout_s: float = 60.0, on: str = "") -> None:
        """Press an item as soon as it can be pressed; not at all once the screen `on` has gone."""
        self._do({"do": "click", "name": name, "on": on, "timeout_s": timeout_s})

    def read(self, name: str, timeout_s: float = 60.0) -> str:
        """The words of an item, as soon as it is there."""
        return str(self._do({"do": "read", "name": name, "timeout_s": timeout_s})["found"])

    def type_number(self, digits: str) -> None:
        """Type on the screen's keypad and confirm."""
        for digit in digits:
            self.click(f"key_{digit}")
        self.click("number_ok")

    def picture(self, label: str) -> str:
        """Save what the window shows now; returns the file's path."""
        self._count += 1
        path = self._pictures / f"{self._count:02d}-{label}.png"
        self._do({"do": "shot", "path": str(path)})
        self.taken.append(str(path))
        return str(path)

    def touch_to_screen_ms(self) -> list[float]:
        """How long each touch took until the next screen was drawn, so far."""
        return [float(value) for value in self._do({"do": "latencies"})["touch_to_screen_ms"]]

    def shown_s(self) -> dict[str, float]:
        """When each screen was last drawn first, in seconds of the machine's monotonic clock (`time.monotonic`)."""
        return {str(name): float(at) for name, at in self._do({"do": "latencies"})["shown_s"].items()}

    def quit(self) -> None:
        """Ask the kiosk to end."""
        self._do({"do": "quit"})
        self.disconnect()

    def _do(self, command: dict[str, Any]) -> dict[str, Any]:
        if self._socket is None:
            raise KioskTrouble("there is no connection to the kiosk")
        try:
            self._socket.sendall(json.dumps(command).encode() + b"\n")
            line = self._lines.readline()
        except OSError as error:
            raise KioskTrouble(f"the kiosk went away: {error}") from error
        if not line:
            raise KioskTrouble("the kiosk went away")
        answer: dict[str, Any] = json.loads(line)
        if not answer["ok"]:
            shown = ", ".join(answer.get("seen", []))
            within_s = f"{command.get('timeout_s', 0):.0f}"
            raise KioskTrouble(f"the kiosk did not get further within {within_s} s; on the screen: {shown}")
        return answer
