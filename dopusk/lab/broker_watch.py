"""Makes a broker of our own read the list of revoked certificates again when it changes, as a systemd path unit would."""

import threading
from pathlib import Path
from types import TracebackType

from dopusk.lab.broker import Broker

POLL_S = 0.25


class RevocationWatch:
    """One thread that looks at the file and sends SIGHUP. Ends with its block."""

    def __init__(self, broker: Broker, crl_file: Path) -> None:
        self._broker = broker
        self._crl_file = crl_file
        self._stopping = threading.Event()
        self._seen = self._stamp()
        self._thread = threading.Thread(target=self._run, name="revocation-watch")
        self.reloads = 0

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(POLL_S):
            stamp = self._stamp()
            if stamp != self._seen:
                self._seen = stamp
                self._broker.reload()
                self.reloads += 1

    def _stamp(self) -> tuple[int, int]:
        found = self._crl_file.stat()
        return found.st_mtime_ns, found.st_ino

    def __enter__(self) -> "RevocationWatch":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
