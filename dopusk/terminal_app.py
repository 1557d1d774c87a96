"""The composition root of a terminal: from a configuration to running threads. The only place that knows all its parts."""

import logging
import threading
from collections.abc import Callable, Mapping
from importlib.metadata import version

from dopusk.keys import centre_key_of, signing_key_of
from dopusk.terminal_faces import make_comparer, make_enroller, make_reference_faces
from dopusk.terminal_film import open_recorder, open_watch
from dopusk.terminal_gate import open_gate
from dopusk.terminal_sync import make_forwarder, serve_metrics
from drivers.park import open_park
from sync.contract.health import TerminalStatus
from sync.contract.topics import TerminalAddress
from sync.neighbour import SyncProcess
from terminal.books import BookShelf
from terminal.camera import Camera
from terminal.clock import Clock, SystemClock
from terminal.config import TerminalConfig
from terminal.core import Core
from terminal.decision_check import load_anchor
from terminal.face.photographer import PhotographerSettings, open_photographer
from terminal.health import HealthReporter, Program
from terminal.incoming import IncomingMessages
from terminal.mailbox import InboxNews, Mailbox
from terminal.open_exams import OpenExams
from terminal.service import TerminalService
from terminal.session import KioskSession
from terminal.snapshot import TerminalPlace, TerminalSnapshot
from terminal.status import status_of
from terminal.store.database import KeyFile
from terminal.store.store import TerminalStore
from terminal.timers import TimerHeap

log = logging.getLogger(__name__)

STOP_WITHIN_S = 10.0


class Terminal:
    """One terminal with its threads. Make it, `start` it, `close` it; snapshots come to `publish` from the core thread."""

    def __init__(
        self,
        config: TerminalConfig,
        publish: Callable[[TerminalSnapshot], None],
        *,
        mailbox: Mailbox | None = None,
        camera: Camera | None = None,
        consent_texts: Mapping[str, str] | None = None,
        shipped_books: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.config = config
        self._show = publish
        self._told: tuple[object, ...] = ()
        self.mailbox = mailbox or Mailbox()
        clock = clock or SystemClock()
        identity, files = config.identity, config.files
        address = TerminalAddress(identity.org, identity.terminal_id)
        keys = KeyFile(files.master_key)
        signing_key = signing_key_of(files.signing_key)
        centre_key = centre_key_of(files.centre_key)
        self._master = keys.master_key()
        self.store = TerminalStore(files.store, files.media, keys, signing_key, address, identity.generation)
        self.park = open_park(config.device, self.mailbox.post, production=identity.generation == "real")
        self.camera = camera or (Camera(config.camera.source) if config.camera.source else None)
        photographer = None
        if self.camera is not None:
            settings = PhotographerSettings(give_up_s=config.camera.photo_within_s, liveness=config.biometrics.liveness)
            comparer = make_comparer(config, self._master)
            photographer = open_photographer(self.camera, self.mailbox.post, settings, comparer)
        self._photographer = photographer
        self._recorder = self._watch = None
        if self.camera is not None:
            self._recorder = open_recorder(config, self._master, self.camera, self.mailbox.post)
            self._watch = open_watch(config, self.camera, self.mailbox.post)
        exams = OpenExams(self.store, identity.org, lambda exam_id: self.service.software_s(exam_id))
        core = Core(config, self.store, exams, self.park, clock, TimerHeap(clock))
        books = BookShelf(self.store.reference, shipped_books or {})
        session = KioskSession(core, photographer, version("dopusk"), books, recorder=self._recorder, watch=self._watch)
        self._enroller = make_enroller(config, self.mailbox.post)
        faces = make_reference_faces(config, self._master, self.store, clock, self._enroller)
        self._gate = open_gate(core, self.mailbox.post, lambda: session.front.active)
        incoming = IncomingMessages(
            self.store,
            clock,
            centre_key,
            load_anchor(files.trust_anchor),
            session.decision,
            faces=faces,
            medic_roots=files.medic_roots,
            decision_refused=session.decision_refused,
            take_order=session.orders.take,
            decision_taken=self._gate.decided if self._gate is not None else lambda record, revoked: None,
        )
        snils_key = files.snils_key.read_bytes() if files.snils_key else None
        self.service = TerminalService(
            core,
            _place(config),
            self.mailbox,
            session,
            incoming,
            faces,
            self._publish,
            centre_key=centre_key,
            snils_key=snils_key,
            consent_texts=consent_texts or {},
            health=HealthReporter(
                self.store,
                files.store.parent,
                clock,
                Program(version("dopusk"), config.version, self.camera is not None, 60 * config.health.every_min),
            ),
            gate=self._gate,
        )
        self._core = threading.Thread(target=self.service.run, name="core")
        self.forwarder = (
            make_forwarder(
                config,
                self._master,
                on_link=self.mailbox.post,
                on_inbox=lambda: self.mailbox.post(InboxNews()),
                status=self._status,
            )
            if config.broker.in_process
            else None
        )
        self._sync = threading.Thread(target=self.forwarder.run, name="sync") if self.forwarder else None
        self._neighbour = (
            None
            if self.forwarder is not None
            else SyncProcess(files.store, self.mailbox.post, lambda: self.mailbox.post(InboxNews()), self._status)
        )

        if self.forwarder is not None:
            self.store.on_queued = self.forwarder.wake
        elif self._neighbour is not None:
            self.store.on_queued = self._neighbour.tell_outbox

    def _publish(self, snapshot: TerminalSnapshot) -> None:
        """Show it; and tell the centre at once when a device, or a call for a medic, has changed."""
        self._show(snapshot)
        health = (snapshot.help_called, *((s.device_id, s.state, s.reason) for s in snapshot.devices.values()))
        if health != self._told:
            self._told = health
            if self.forwarder is not None:
                self.forwarder.tell_status()
            if self._neighbour is not None:
                self._neighbour.tell_status()

    def start(self) -> None:
        """Start all threads. Returns at once."""
        if self.forwarder is not None:
            serve_metrics(self.config.metrics.port)
        self._core.start()
        if self._sync is not None:
            self._sync.start()
        if self._neighbour is not None:
            self._neighbour.start()

    def close(self) -> None:
        """Stop all threads, close ports, files and connections."""
        if self.forwarder is not None and self._sync is not None:
            self.forwarder.stop()
            self._sync.join(STOP_WITHIN_S)
        if self._neighbour is not None:
            self._neighbour.close()
        self.service.stop()
        self._core.join(STOP_WITHIN_S)
        if self._gate is not None:
            self._gate.stop()
        self.park.close()
        self._enroller.close()
        if self._photographer is not None:
            self._photographer.close()
        if self._watch is not None:
            self._watch.close()
        if self._recorder is not None:
            self._recorder.close()
        if self.camera is not None:
            self.camera.close()
        self.store.close()

    def _status(self) -> TerminalStatus:
        """What the centre may know of this terminal's health; called from the sync thread on a frozen snapshot."""
        snapshot = self.service.latest
        if snapshot is None:
            return TerminalStatus(state="online", software_version=version("dopusk"))
        return status_of(snapshot, self.service.standing.facts)


def _place(config: TerminalConfig) -> TerminalPlace:
    identity = config.identity
    return TerminalPlace(
        terminal_id=identity.terminal_id,
        organisation_name=identity.organisation_name,
        place=identity.place,
        help_phone=identity.help_phone,
        medic_room=identity.medic_room,
        generation=identity.generation,
        software_version=version("dopusk"),
    )
