"""Child processes of the demonstration: started in the folder, waited for by their ready line, ended with it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, SimpleQueue

START_WITHIN_S = 120.0
STOP_WITHIN_S = 60.0


class ProcessTrouble(Exception):
    """A process did not start or ended by itself; its log says why."""


class Child:
    """One process of ours. Its standard error goes to a log file, its standard output is watched for the ready line."""

    def __init__(self, name: str, arguments: list[str], log: Path, environment: dict[str, str] | None = None) -> None:
        self.name = name
        self._log = log
        self._lines: SimpleQueue[str] = SimpleQueue()
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdout=subprocess.PIPE,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        self._reader = threading.Thread(target=self._read, name=f"{name} output", daemon=True)
        self._reader.start()

    def wait_ready(self, word: str = "ready") -> None:
        """Wait for a line with that word. Raises `ProcessTrouble`."""
        while True:
            try:
                line = self._lines.get(timeout=START_WITHIN_S)
            except Empty as error:
                raise ProcessTrouble(
                    f"{self.name} did not start within {START_WITHIN_S:.0f} s; its log is below"
                ) from error
            if not line:
                raise ProcessTrouble(f"{self.name} ended while starting; its log is below")
            if word in line:
                return

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(STOP_WITHIN_S)

    def stop(self) -> None:
        """Ask it to end, and insist after a while."""
        if self.is_alive:
            self._process.terminate()
            try:
                self._process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(STOP_WITHIN_S)
        self._reader.join(STOP_WITHIN_S)

    def wait(self) -> int:
        """Wait until it ends by itself; returns the exit code."""
        return self._process.wait()

    def _read(self) -> None:
        if self._process.stdout is not None:
            with self._process.stdout as lines:
                for line in lines:
                    self._lines.put(line.rstrip("\n") or " ")
        self._lines.put("")


def start_centre(config_file: Path, logs: Path) -> list[Child]:
    """The centre's two processes, ready to work."""
    children = [
        Child("centre console", ["dopusk", "central", "serve", "--config", str(config_file)], logs / "serve.log"),
        Child("centre ingest", ["dopusk", "central", "ingest", "--config", str(config_file)], logs / "ingest.log"),
    ]
    for child in children:
        child.wait_ready()
    return children


def start_kiosk(config_file: Path, robot_socket: Path, logs: Path, *, headless: bool, speed: float = 1.0) -> Child:
    """A kiosk process with a robot in it. The caller connects to the robot.

    `speed`: the robot may press so many times sooner after a change of screens than a person.
    """
    environment = {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software"} if headless else {}
    robot_socket.unlink(missing_ok=True)
    arguments = ["dopusk.lab.demo.kiosk", str(config_file), str(robot_socket), str(speed)]
    return Child("kiosk", arguments, logs / "kiosk.log", environment)
