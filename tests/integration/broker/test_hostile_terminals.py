"""What a terminal that has turned can ask of the broker, and what the honest ones notice of it: nothing.

The broker is Mosquitto with the configuration that ships, the centre has two ingest workers.
"""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from central.authority import pki
from central.link.broker_link import BrokerLink, own_name
from central.store import terminals
from central.store.engine import reading
from central.terminals.enrolment import Enrolment
from dopusk.lab.broker import free_port
from dopusk.lab.broker_watch import RevocationWatch
from dopusk.lab.postgres import fresh_database
from simulators.fleet_terminal import FleetTerminal
from tests.broker import ORG, TestCentre, running_centre, write_pair
from tests.integration.broker.rogue import Papers, Rogue, stolen, unregistered
from tests.waiting import LONGEST_S, until

MESSAGES = 100
LARGE = 900_000


@pytest.fixture(params=["sqlite", "postgresql"])
def centre(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestCentre]:
    url = None
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres"), f"hostile_{free_port()}")
    with running_centre(tmp_path, ingests=2, store_url=url) as running:
        yield running


@pytest.fixture
def small_centre(tmp_path: Path) -> Iterator[TestCentre]:
    with running_centre(tmp_path) as running:
        yield running


def _rss_mib(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [line] = [line for line in text.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def _link(centre: TestCentre, name: str) -> str:
    with reading(centre.engine) as connection:
        row = terminals.get_terminal(connection, name)
    assert row is not None
    return str(row["link"])


class Counted:
    """How often a connection of the centre's or a terminal's was lost."""

    def __init__(self, *clients: Any) -> None:
        self.losses = 0
        for client in clients:
            before = client.on_disconnect

            def lost(*args: Any, before: Any = before) -> None:
                self.losses += 1
                if before is not None:
                    before(*args)

            client.on_disconnect = lost


def _parts(centre: TestCentre) -> list[Any]:
    return [centre.dispatcher._link.client, *(ingest._link.client for ingest, _ in centre.ingests)]


def _all_arrive(honest: FleetTerminal, make: Any, centre: TestCentre) -> None:
    sent = [honest.send_exam(make(centre))[0] for _ in range(MESSAGES)]
    # Well before anybody would send again: each arrived at the first try.
    assert honest.wait_for_receipts(sent, LONGEST_S)
    assert {honest.receipts[name].outcome for name in sent} == {"accepted"}


def test_nobody_draws_from_the_stream_of_the_centre(centre: TestCentre, make_payload: Any) -> None:
    """With the group's name known, the exact filter known, and as many sessions as there are certificates."""
    group, mount = centre.config.mqtt.share_group, centre.config.mqtt.mount_point
    filters = [
        f"$share/{name}/{prefix}{rest}"
        for name in (group, "centre", "other")
        for prefix in ("", mount)
        for rest in ("dopusk/1/+/+/up/#", "dopusk/1/+/+/up/exam", "dopusk/1/+/+/status", "#")
    ] + ["#", "+/+", "$SYS/#", "dopusk/1/+/+/up/#", "dopusk/1/+/+/down/#", f"{mount}#"]
    names = ["rogue-1", "rogue-2"]
    rogues = [Rogue(stolen(centre, name), name) for name in names] + [Rogue(unregistered(centre, "rogue-3"), "rogue-3")]
    shares = [0, 0]
    for number, (ingest, _) in enumerate(centre.ingests):
        before = ingest._link._on_message

        def count(message: Any, number: int = number, before: Any = before) -> None:
            shares[number] += 1
            before(message)

        ingest._link._on_message = count
    try:
        for rogue in rogues:
            rogue.subscribe(filters)
            assert rogue.is_in
        honest = centre.terminal("kiosk-1")
        _all_arrive(honest, make_payload, centre)
        assert min(shares) > 0, "the workers no longer share the load"
        for name, rogue in zip(("rogue-1", "rogue-2", "rogue-3"), rogues, strict=True):
            assert all(f"/{name}/down/" in topic for topic, _ in rogue.received)
            assert rogue.is_in, "it was put off, so nothing was tried"
    finally:
        for rogue in rogues:
            rogue.close()


def test_nobody_takes_the_place_of_another(small_centre: TestCentre, make_payload: Any) -> None:
    centre = small_centre
    honest = centre.terminal("kiosk-1")
    parts = _parts(centre)
    counted = Counted(honest.client, *parts)
    papers = stolen(centre, "rogue-1")
    sessions = ["kiosk-1", *(part._client_id.decode() for part in parts), own_name("ingest-1"), "", "a/b", "#"]
    before: Rogue | None = None
    for _ in range(3):
        for session in sessions:
            rogue = Rogue(papers, session, keeps_session=bool(session))
            assert rogue.is_in
            # One certificate, one session: whatever it is called, it replaces the one before and no other.
            assert before is None or before.ended.wait(LONGEST_S)
            before = rogue
    _all_arrive(honest, make_payload, centre)
    assert counted.losses == 0
    assert before is not None
    assert before.is_in
    before.close()


def test_a_certificate_has_one_session_however_many_it_opens(small_centre: TestCentre) -> None:
    papers = stolen(small_centre, "rogue-1")
    rogues = [Rogue(papers, f"session-{number}", keeps_session=True) for number in range(100)]
    assert until(lambda: [rogue.is_in for rogue in rogues] == [False] * 99 + [True])
    for rogue in rogues:
        rogue.close()


def test_no_terminal_comes_in_by_the_door_of_the_centre(small_centre: TestCentre) -> None:
    centre = small_centre
    own = centre.config.mqtt.own_port
    assert not Rogue(stolen(centre, "rogue-1"), "rogue-1", port=own).is_in
    # Not even with the name of the centre: another authority vouches for it.
    forged = Papers(centre, *write_pair(centre.folder, "forged", centre.authority.issue_client("centre")), own)
    assert not Rogue(forged, own_name("ingest-1")).is_in
    with pytest.raises(ValueError, match="cannot be the name"):
        centre.authority.issue_terminal(own_name("ingest-1"))


def test_a_will_speaks_for_its_own_terminal_alone(small_centre: TestCentre, make_payload: Any) -> None:
    centre = small_centre
    honest = centre.terminal("kiosk-1")
    honest.say(b'{"state":"online"}')
    assert until(lambda: _link(centre, "kiosk-1") == "online")
    topics = (
        honest.identity.address.status,
        honest.identity.address.up("exam"),  # type: ignore[arg-type]
        f"{centre.config.mqtt.mount_point}{honest.identity.address.status}",
        f"dopusk/1/{ORG}/rogue-1/down/decision",
        "$SYS/broker/clients/total",
    )
    papers = stolen(centre, "rogue-1")
    for topic in topics:
        rogue = Rogue(papers, "rogue-1", will=(topic, b'{"state":"offline"}'))
        if rogue.is_in:
            rogue.vanish()
        rogue.close()
    own = Rogue(papers, "rogue-1", will=(f"dopusk/1/{ORG}/rogue-1/status", b'{"state":"offline"}'))
    own.publish(f"dopusk/1/{ORG}/rogue-1/status", b'{"state":"online"}', retain=True)
    assert until(lambda: _link(centre, "rogue-1") == "online")
    own.vanish()
    # Its own is published, and by then any other would have been.
    assert until(lambda: _link(centre, "rogue-1") == "offline")
    assert _link(centre, "kiosk-1") == "online"
    _all_arrive(honest, make_payload, centre)


def _retained(centre: TestCentre) -> list[str]:
    """What a newcomer of the centre's is told; a marker of our own comes last."""
    told: list[str] = []
    marker = "dopusk/1/marker/marker/status"
    link = BrokerLink(
        centre.config.mqtt,
        f"newcomer-{free_port()}",
        ["dopusk/1/+/+/up/#", marker],
        on_message=lambda message: told.append(message.topic) if message.retain else None,
        on_ready=lambda: None,
    )
    link.start()
    try:
        assert until(lambda: link.ready)
        link.client.publish(centre.config.mqtt.mount_point + marker, b"1", qos=1, retain=True)
        assert until(lambda: marker in told)
    finally:
        link.stop()
    return [topic for topic in told if topic != marker]


def test_what_is_told_to_be_retained_does_not_fill_the_broker(small_centre: TestCentre, make_payload: Any) -> None:
    centre = small_centre
    before_mib = _rss_mib(centre.broker.pid)
    rogue = Rogue(stolen(centre, "rogue-1"), "rogue-1")
    for number in range(100):
        rogue.publish(f"dopusk/1/invented-{number}/rogue-1/up/exam", os.urandom(LARGE), retain=True)
    assert until(lambda: _retained(centre) == [])
    assert until(lambda: _rss_mib(centre.broker.pid) < before_mib + 50)
    # The same while nothing of the centre runs, and then it starts.
    centre.stop_ingest()
    centre.dispatcher.stop()
    for number in range(20):
        rogue.publish(f"dopusk/1/invented-{number}/rogue-1/up/media", os.urandom(LARGE), retain=True)
    rogue.close()
    assert len(_retained(centre)) == 20
    centre.dispatcher = type(centre.dispatcher)(centre.config, centre.engine)
    centre.dispatcher.start()
    assert until(lambda: _retained(centre) == [])
    centre.start_ingest()
    _all_arrive(centre.terminal("kiosk-1"), make_payload, centre)


def test_topics_that_are_none_of_its_own_are_refused(small_centre: TestCentre) -> None:
    centre = small_centre
    rogue = Rogue(stolen(centre, "rogue-1"), "rogue-1")
    mount = centre.config.mqtt.mount_point
    for number, topic in enumerate(
        (
            f"dopusk/1/{ORG}/kiosk-1/up/exam",
            f"dopusk/1/{ORG}/rogue-1/up/invented",
            f"dopusk/1/{ORG}/rogue-1/up/exam/deeper",
            f"dopusk/1/{ORG}/rogue-1/down/decision",
            f"{mount}dopusk/1/{ORG}/rogue-1/up/exam",
            "invented",
        )
    ):
        rogue.publish(topic, b"x%d" % number, retain=True)
    assert _retained(centre) == []
    rogue.close()


def test_a_revoked_terminal_that_says_nothing_is_put_out_under_any_name(
    small_centre: TestCentre, make_payload: Any
) -> None:
    centre = small_centre
    honest = centre.terminal("kiosk-1")
    counted = Counted(honest.client)
    silent = Rogue(stolen(centre, "rogue-1"), "rogue-1")
    renamed_papers = stolen(centre, "rogue-2")
    renamed = Rogue(renamed_papers, "kiosk-77")
    # A certificate that was renewed is shut out with the one before it.
    older, newer = stolen(centre, "rogue-3"), stolen(centre, "rogue-3")
    renewed = Rogue(older, "rogue-3")
    assert silent.is_in
    assert renamed.is_in
    assert renewed.is_in
    with RevocationWatch(centre.broker, centre.authority.crl_file):
        for name in ("rogue-1", "rogue-2", "rogue-3"):
            Enrolment(centre.config, centre.engine).revoke(name)
        centre.dispatcher.wake()
        for rogue in (silent, renamed, renewed):
            assert rogue.ended.wait(LONGEST_S)
        assert until(lambda: centre.dispatcher._shut == {"rogue-1", "rogue-2", "rogue-3"})
    for papers in (renamed_papers, older, newer):
        for session in ("rogue-1", "rogue-2", "kiosk-1", "x"):
            assert not Rogue(papers, session).is_in
    _all_arrive(honest, make_payload, centre)
    assert counted.losses == 0


def test_until_the_broker_has_read_the_list_a_revoked_terminal_is_put_out_again_and_again(
    small_centre: TestCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central.exchange.dispatcher.LIST_READ_WITHIN_S", 0.0)
    centre = small_centre
    papers = stolen(centre, "rogue-1")
    first = Rogue(papers, "a")
    Enrolment(centre.config, centre.engine).revoke("rogue-1")
    centre.dispatcher.wake()
    assert first.ended.wait(LONGEST_S)
    for session in ("b", "c"):  # it comes back: nobody has told the broker
        again = Rogue(papers, session)
        assert again.is_in
        centre.dispatcher.wake()
        assert again.ended.wait(LONGEST_S)
    assert until(lambda: centre.dispatcher._loop.record("revocation_list").state().failures > 0)
    assert centre.dispatcher._shut == set()
    centre.broker.reload()
    assert until(lambda: centre.dispatcher._shut == {"rogue-1"})
    assert not Rogue(papers, "d").is_in


def test_a_certificate_that_has_ended_lets_nobody_in(small_centre: TestCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    centre = small_centre
    monkeypatch.setattr(pki, "TERMINAL_VALID", timedelta(minutes=-1))
    pair = write_pair(centre.folder, "ended", centre.authority.issue_terminal("rogue-1"))
    assert not Rogue(Papers(centre, *pair, centre.broker.port), "rogue-1").is_in


def test_a_flood_delays_nobody(small_centre: TestCentre, make_payload: Any) -> None:
    centre = small_centre
    honest = centre.terminal("kiosk-1")
    rogue = Rogue(stolen(centre, "rogue-1"), "rogue-1")
    for number in range(2000):
        rogue.client.publish(f"dopusk/1/{ORG}/rogue-1/up/exam", b"%d" % number * 100, qos=1)
        rogue.client.publish(f"dopusk/1/invented-{number}/rogue-1/status", b"%d" % number, qos=1)
    began_s = time.monotonic()
    _all_arrive(honest, make_payload, centre)
    assert time.monotonic() - began_s < LONGEST_S
    rogue.close()
