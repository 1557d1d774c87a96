"""The sync side of a terminal, put together apart from the kiosk: its process must not carry the kiosk's cameras and devices."""

import logging
from collections.abc import Callable

from sqlite_utils import Database

from dopusk.keys import centre_key_of
from sync.broker_address import BrokerAddress
from sync.contract.health import TerminalStatus
from sync.contract.topics import TerminalAddress
from sync.forwarder import Forwarder
from sync.link_report import LinkReport
from terminal.config import TerminalConfig
from terminal.store.database import connect

log = logging.getLogger(__name__)


def make_forwarder(
    config: TerminalConfig,
    master_key: bytes,
    *,
    on_link: Callable[[LinkReport], None] = lambda report: None,
    on_inbox: Callable[[], None] = lambda: None,
    status: Callable[[], TerminalStatus] | None = None,
) -> Forwarder:
    """The sync side of a terminal, for a thread of the kiosk or for a process of its own."""
    broker = config.broker

    def open_database() -> Database:
        return connect(config.files.store, master_key)

    return Forwarder(
        open_database,
        BrokerAddress(broker.host, broker.port, broker.ca_file, broker.cert_file, broker.key_file),
        TerminalAddress(config.identity.org, config.identity.terminal_id),
        centre_key_of(config.files.centre_key),
        on_link=on_link,
        on_inbox=on_inbox,
        status=status,
    )


def serve_metrics(port: int | None) -> None:
    """Serve the figures of the sync side on the loopback, if a port is configured. A port that is taken costs them alone."""
    if port is None:
        return
    from prometheus_client import start_http_server

    from sync import metrics

    try:
        start_http_server(port, "127.0.0.1", metrics.REGISTRY)
    except OSError as error:
        log.error(
            "no figures are served: port %d cannot be had (%s); see [metrics] (service engineer)", port, error.strerror
        )
