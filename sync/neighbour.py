"""Messages between the kiosk and its sync process on one machine, through datagram sockets.

Only news: everything that counts is in the store. A lost datagram costs some seconds, so each side says again what it
said, and a silent neighbour is noticed.
"""

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sync import metrics
from sync.contract.health import TerminalStatus
from sync.link_report import NO_SYNC_PROCESS, LinkReport
from sync.outbox import Backlog
from sync.thread_faults import count_of_faults, note_fault

log = logging.getLogger(__name__)

EVERY_S = 2.0
SILENT_AFTER_S = 10.0
_MOST_BYTES = 64 * 1024


class _Socket:
    """One bound datagram socket with its reading thread."""

    def __init__(
        self, own: Path, other: Path, take: Callable[[dict[str, Any]], None], idle: Callable[[], None]
    ) -> None:
        self._own, self._take, self._idle = own, take, idle
        own.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # Through the folder's descriptor: a socket's path may have 107 bytes only, a store's may have more.
        self._folder = os.open(own.parent, os.O_RDONLY | os.O_DIRECTORY)
        self._socket.bind(f"/proc/self/fd/{self._folder}/{own.name}")
        self._other = f"/proc/self/fd/{self._folder}/{other.name}"
        os.chmod(own, 0o600)
        self._socket.settimeout(EVERY_S / 2)
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="neighbour", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def send(self, fields: dict[str, Any]) -> None:
        """Say something; nobody may be there to hear it."""
        with suppress(OSError):
            self._socket.sendto(json.dumps(fields, ensure_ascii=False).encode(), socket.MSG_DONTWAIT, self._other)

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()
        os.close(self._folder)
        self._own.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._closing:
            try:
                fields = json.loads(self._socket.recv(_MOST_BYTES))
                if isinstance(fields, dict):
                    self._take(fields)
            except TimeoutError:
                pass
            except (OSError, ValueError, TypeError, KeyError, ValidationError) as error:
                log.warning("news of the neighbour process cannot be read: %s", type(error).__name__)
            except Exception as error:  # noqa: BLE001 - one piece of news never stops the others
                note_fault("neighbour", "taking news", error)
            try:
                self._idle()
            except Exception as error:  # noqa: BLE001 - the next turn tells again
                note_fault("neighbour", "telling news", error)


class SyncProcess:
    """The kiosk's view of the sync process: what it reports comes to the callbacks, the kiosk's status goes to it."""

    def __init__(
        self,
        store: Path,
        on_link: Callable[[LinkReport], None],
        on_inbox: Callable[[], None],
        status: Callable[[], TerminalStatus],
    ) -> None:
        self._on_link, self._on_inbox, self._status = on_link, on_inbox, status
        self._heard_s = time.monotonic()
        self._next_s = 0.0
        own, other = _paths(store)
        self._socket = _Socket(own, other, self._take, self._idle)

    def start(self) -> None:
        self._socket.start()

    def tell_status(self) -> None:
        """Something about this terminal's health changed: tell the centre now and not at the next turn."""
        self._next_s = 0.0
        self._socket.send({"status": self._status().model_dump(mode="json"), "at_once": True})

    def tell_outbox(self) -> None:
        """Something was committed to the outbox: it need not wait until the sync process looks by itself."""
        self._socket.send({"outbox": True})

    def close(self) -> None:
        self._socket.close()

    def _take(self, fields: dict[str, Any]) -> None:
        self._heard_s = time.monotonic()
        if "link" in fields:
            link = fields["link"]
            backlog = None if link["backlog"] is None else Backlog(**link["backlog"])
            self._on_link(LinkReport(link["connected"], backlog, link["reason"], link["code"]))
        if "inbox" in fields:
            self._on_inbox()

    def _idle(self) -> None:
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + EVERY_S
            if now_s - self._heard_s > SILENT_AFTER_S:
                self._on_link(LinkReport(False, None, NO_SYNC_PROCESS, "no_sync_process"))
            self._socket.send({"status": self._status().model_dump(mode="json"), "faults": count_of_faults()})


class KioskProcess:
    """The sync process's view of the kiosk: reports go to it, its status comes from it and is passed to the centre."""

    def __init__(
        self,
        store: Path,
        tell_centre: Callable[[], None],
        without_kiosk: TerminalStatus,
        *,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """`tell_centre` sends the status at once; `wake` has the outbox looked at."""
        self._tell_centre, self._without_kiosk, self._wake = tell_centre, without_kiosk, wake
        self._status = without_kiosk.model_copy(update={"kiosk": ""})
        self._heard_s = time.monotonic()  # one that starts together with us gets its time to speak
        self._report: LinkReport | None = None
        other, own = _paths(store)
        self._socket = _Socket(own, other, self._take, lambda: None)

    def start(self) -> None:
        self._socket.start()

    def tell_link(self, report: LinkReport) -> None:
        """The way to the centre has changed."""
        self._report = report
        self._socket.send({"link": asdict(report)})

    def tell_inbox(self) -> None:
        """Something from the centre was committed."""
        self._socket.send({"inbox": True})

    def status(self) -> TerminalStatus:
        """What the kiosk last said of itself, or that it says nothing, with what is known here."""
        if time.monotonic() - self._heard_s < SILENT_AFTER_S:
            return self._status
        backlog = self._report.backlog if self._report else None
        known = {} if backlog is None else {"backlog": backlog.queued, "parked": backlog.parked}
        return self._without_kiosk.model_copy(update=known)

    def close(self) -> None:
        self._socket.close()

    def _take(self, fields: dict[str, Any]) -> None:
        if "status" in fields:
            self._status = TerminalStatus.model_validate(fields["status"])
            self._heard_s = time.monotonic()
            # Said again each time: a kiosk that was just started knows nothing, and datagrams may be lost.
            self._socket.send(({"link": asdict(self._report)} if self._report else {}) | {"inbox": True})
            metrics.kiosk_faults.set(fields.get("faults", 0))
        if "outbox" in fields:
            self._wake()
        if "at_once" in fields:
            self._tell_centre()


def _paths(store: Path) -> tuple[Path, Path]:
    """The sockets of the kiosk and of the sync process, beside the store that they share."""
    return store.with_suffix(".kiosk"), store.with_suffix(".sync")
