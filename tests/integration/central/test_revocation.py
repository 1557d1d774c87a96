"""A terminal that is shut out loses the connection that it has and gets no other; its neighbours notice nothing."""

from typing import Any

from central.store.engine import reading
from central.store.terminals import get_terminal
from central.terminals.enrolment import Enrolment
from dopusk.lab.broker_watch import RevocationWatch
from simulators.fleet_terminal import FleetTerminal
from tests.broker import TestCentre
from tests.waiting import until


class Connections:
    """Counts how often a terminal lost its connection and got one."""

    def __init__(self, terminal: FleetTerminal) -> None:
        self.losses = 0
        self.gains = 0
        before = terminal.client.on_connect
        assert before is not None

        def lost(*_: Any) -> None:
            self.losses += 1

        def gained(*args: Any) -> None:
            self.gains += 1
            before(*args)

        terminal.client.on_disconnect = lost
        terminal.client.on_connect = gained


def _link(centre: TestCentre, name: str) -> str:
    with reading(centre.engine) as connection:
        row = get_terminal(connection, name)
    assert row is not None
    return str(row["link"])


def _online(centre: TestCentre, name: str) -> FleetTerminal:
    terminal = centre.terminal(name)
    terminal.say(b'{"state":"online"}')
    assert until(lambda: _link(centre, name) == "online")
    return terminal


def test_connection_of_a_revoked_terminal_is_ended_and_stays_so(centre: TestCentre) -> None:
    lost, kept = _online(centre, "kiosk-1"), _online(centre, "kiosk-2")
    lost_connections, kept_connections = Connections(lost), Connections(kept)
    with RevocationWatch(centre.broker, centre.authority.crl_file):
        Enrolment(centre.config, centre.engine).revoke("kiosk-1")
        centre.dispatcher.wake()
        assert until(lambda: lost_connections.losses > 0)
        assert until(lambda: _link(centre, "kiosk-1") == "offline" and not lost.client.is_connected())
    assert kept_connections.losses == 0
    assert kept.client.is_connected()
    lost.stop()
    again = FleetTerminal(*centre.identity("kiosk-2"))
    again.start()
    again.stop()


def test_two_revoked_within_one_second_are_both_shut_out(centre: TestCentre) -> None:
    first, second = _online(centre, "kiosk-1"), _online(centre, "kiosk-2")
    with RevocationWatch(centre.broker, centre.authority.crl_file) as watch:
        enrolment = Enrolment(centre.config, centre.engine)
        for name in ("kiosk-1", "kiosk-2"):
            before = watch.reloads
            enrolment.revoke(name)
            assert until(lambda before=before: watch.reloads > before)
        centre.dispatcher.wake()
        assert until(lambda: not first.client.is_connected() and not second.client.is_connected())
        assert until(lambda: _link(centre, "kiosk-1") == "offline" and _link(centre, "kiosk-2") == "offline")
    tries = [Connections(first), Connections(second)]
    # Each tries again by itself; the broker's own log says with what success.
    log = centre.broker.folder / "mosquitto.log"
    assert until(lambda: log.read_text(encoding="utf-8", errors="replace").count("certificate verify failed") >= 2)
    assert [item.gains for item in tries] == [0, 0]
