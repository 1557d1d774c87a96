"""Builds `dopusk central serve`: console, enrolment, dispatcher, sealing, metrics."""

import gc
import logging
import signal
import socket
import sys

import uvicorn
from sqlalchemy import Engine

from central.books.publishing import add_shipped
from central.books.spreading import BookSpreader
from central.conclusions.act_files import ActFiles
from central.conclusions.destruction import Destroying
from central.conclusions.hold_lists import HoldLists
from central.console.app import create_app
from central.console.enrolment_api import make_router
from central.core.clock import now_utc
from central.core.config import CentralConfig
from central.core.media_files import MediaFiles
from central.core.snils import SnilsKey
from central.core.step_records import trace_of
from central.core.trust import Trust
from central.duty.ring_thread import Ringing
from central.examining.ending import RoomEnds
from central.examining.recording import RoomExams
from central.exchange.dispatcher import Dispatcher
from central.exchange.face_photos import FacePhotos
from central.exchange.presence import Presence
from central.exchange.resending import Replenisher
from central.exchange.revocations import Revocations
from central.exchange.rosters import Rosters
from central.grounds.reminding import Reminding
from central.keeping.deadlines import Deadlines
from central.link.outgoing import Outgoing, load_signing_key
from central.partners.gate_threads import gate_threads
from central.partners.waybill_exchange import waybill_threads
from central.people.registry import Registry
from central.store.engine import writing
from central.store.sealing import Sealing
from central.systems.partner_threads import partner_threads
from central.terminals.enrolment import Enrolment
from central.workforce.late_shifts import late_step
from dopusk.commands.central_figures import serve_figures
from dopusk.commands.central_protocol import BoundedProtocol
from dopusk.picture_look import PictureLooks

KEEP_ALIVE_S = 75
"""An idle connection is kept for so long. Whoever asks every five seconds, as gates do, met the end of a shorter term sooner or
later: its request went out while the connection was being closed, and was lost."""


def run(config: CentralConfig, engine: Engine) -> None:
    """Serve until a signal ends it. Raises `OSError` for a port that is in use."""
    listener = listen(config.http.host, config.http.port)
    with writing(engine) as connection:
        add_shipped(connection, now_utc())
    outgoing = Outgoing.from_config(config)
    snils_key = SnilsKey.from_file(config.keys.snils_key_file)
    people = Registry(outgoing, snils_key)
    replenisher = Replenisher(outgoing, people)
    photos = FacePhotos(outgoing, MediaFiles(config.media_dir))
    dispatcher = Dispatcher(config, engine, photos, replenisher, Rosters(engine, outgoing))
    waybills = waybill_threads(engine, config.waybills, snils_key.hmac)
    gates = gate_threads(engine, config.gates, Trust(config.keys.authority_dir))
    partners = partner_threads(engine, config.partners, config.generation, people, dispatcher.wake)

    destroying = Destroying(
        engine, MediaFiles(config.media_dir), ActFiles(config.acts_dir), Trust(config.keys.authority_dir)
    )

    hold_lists = HoldLists(engine, outgoing, dispatcher.wake)

    def wake() -> None:
        dispatcher.wake()
        hold_lists.wake()
        destroying.wake()
        waybills.wake("titles")
        gates.wake()

    application = create_app(config, engine=engine, outgoing=outgoing, wake=wake, pictures=PictureLooks())
    application.include_router(make_router(Enrolment(config, engine)))
    if config.http.metrics_port is not None:
        serve_figures(config.http.metrics_port)
    settings = uvicorn.Config(
        application,
        http=BoundedProtocol,
        ws="none",
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    logging.getLogger("uvicorn.error").addFilter(without_words)
    # By SIGTERM the server ends in good order and then sends the signal once more: what stands around it must end like that too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # The outermost: what the others write at their end is sealed as well.
    with (
        Sealing(engine, load_signing_key(config.keys.centre_signing_key_file)),
        Presence(engine, "serve"),
        dispatcher,
        Revocations(engine, outgoing, Trust(config.keys.authority_dir)),
        BookSpreader(engine, outgoing),
        RoomEnds(engine, RoomExams(outgoing, config.room, config.generation)),
        Deadlines(config, engine),
        Reminding(engine, others=(late_step(engine),)),
        waybills,
        gates,
        partners,
        destroying,
        hold_lists,
        Ringing(engine, config.duty.ring_after_s, outgoing, sent=dispatcher.wake),
    ):
        _Announcing(settings, f"central serve ready: {config.http.public_url}").run(sockets=[listener])


def without_words(record: logging.LogRecord) -> bool:
    """Let the web server log the kind and the place of an error, and never its words: they may carry values of people."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        record.msg, record.args, record.exc_info = f"{record.getMessage().strip()}: {trace_of(error)}", (), None
    return True


class _Announcing(uvicorn.Server):
    """Says in one line that it takes requests, so that a script may wait for it."""

    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # What lives as long as the process need not be looked through again and again: with a large program that stops
            # everything for a tenth of a second, in the middle of somebody's page.
            gc.collect()
            gc.freeze()
            print(self._line, flush=True)


def listen(host: str, port: int) -> socket.socket:
    """A socket to serve on. Raises `OSError` with what to do for an address that is in use."""
    # asyncio turns Nagle's algorithm off only where it sees the protocol named: an answer's body would wait 40 ms for the
    # browser to acknowledge its head.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(f"{host}:{port} cannot be used ({error}); stop the other program or change http.port") from error
    return listener
