"""A relay board on a pseudo-terminal: one thread carries its bytes and moves its time on."""

import select
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from simulators.gate_relay import RelayBoard
from simulators.lines import PtyPlug

_TICK_S = 0.01


class RelayOnLine:
    """`port` is what the kiosk opens. `board` may be changed while it runs."""

    def __init__(self, folder: Path, board: RelayBoard) -> None:
        self.board = board
        self._plug = PtyPlug(folder / "relay")
        self._plug.plug()
        self.port = self._plug.port
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay-board", daemon=True)

    def _run(self) -> None:
        last_s = time.monotonic()
        while not self._stopping.is_set():
            ready, _, _ = select.select(self._plug.filenos(), [], [], _TICK_S)
            now_s = time.monotonic()
            self.board.tick(now_s - last_s)
            last_s = now_s
            if ready:
                self.board.receive(self._plug.receive())
                self._plug.send(self.board.transmit())

    def start(self) -> None:
        """Answer on the line from now on."""
        self._thread.start()

    def close(self) -> None:
        """Pull the cable out."""
        self._stopping.set()
        self._thread.join()
        self._plug.unplug()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
