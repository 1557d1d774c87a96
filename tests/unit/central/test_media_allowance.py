"""One terminal's film fills neither the disk nor the others' share; honest backlogs come later, whole."""

import base64
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine

from central.core.media_files import MediaFiles
from central.exchange.checks import Rules
from central.exchange.intake import Arrival, Intake
from central.exchange.media_allowance import BURST_HOURS, MediaAllowance
from central.store import anomalies
from central.store.engine import reading
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.canonical import new_id, sha256_hex
from sync.contract.media import MEDIA_SCHEMA, MediaChunk
from sync.contract.topics import Up

CHUNK = 10_000
Enrol = Callable[[str], TerminalIdentity]


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def _chunk(terminal: TerminalIdentity, number: int) -> Arrival:
    content = b"%08d" % number + bytes(CHUNK)
    chunk = MediaChunk(
        exam_id=new_id(),
        sha256=sha256_hex(content),
        content_type="image/jpeg",
        index=0,
        count=1,
        chunk_sha256=sha256_hex(content),
        content_base64=base64.b64encode(content).decode("ascii"),
    )
    _, sealed = terminal.seal(MEDIA_SCHEMA, chunk.model_dump(mode="json"))
    return Arrival(terminal.address.up(Up.MEDIA), sealed.wire)


def test_more_than_the_allowance_waits_and_comes_later(engine: Engine, files: MediaFiles, enrolled: Enrol) -> None:
    clock = Clock()
    allowance = MediaAllowance(2 * CHUNK, 0, monotonic=clock)
    intake = Intake(engine, files, Rules("test", timedelta(days=1), timedelta(0)), allowance)
    greedy, modest = enrolled("kiosk-1"), enrolled("kiosk-2")
    arrivals = [_chunk(greedy, number) for number in range(50)]
    verdicts = intake.take(arrivals)
    stored = [verdict for verdict in verdicts if verdict.outcome == "accepted"]
    assert 5 < len(stored) < 2 * BURST_HOURS
    put_off = [verdict for verdict in verdicts if verdict.outcome != "accepted"]
    assert {verdict.code for verdict in put_off} == {"media_put_off"}
    # No receipt: nothing is refused for good.
    assert {verdict.receipt for verdict in put_off} == {None}
    assert [verdict.outcome for verdict in intake.take([_chunk(modest, 1)])] == ["accepted"]
    waiting = [arrival for arrival, verdict in zip(arrivals, verdicts, strict=True) if verdict.outcome != "accepted"]
    for _ in range(20):
        clock.now_s += BURST_HOURS * 3600
        verdicts = intake.take(waiting)
        waiting = [one for one, verdict in zip(waiting, verdicts, strict=True) if verdict.outcome != "accepted"]
    assert waiting == []
    with reading(engine) as connection:
        assert [row["kind"] for row in anomalies.newest(connection, 100)].count("media_put_off") == 1


def test_the_last_room_on_the_disk_is_kept_for_records(engine: Engine, files: MediaFiles, enrolled: Enrol) -> None:
    allowance = MediaAllowance(10**9, 2**62)
    intake = Intake(engine, files, Rules("test", timedelta(days=1), timedelta(0)), allowance)
    terminal = enrolled("kiosk-1")
    [verdict] = intake.take([_chunk(terminal, 1)])
    assert (verdict.outcome, verdict.code, verdict.receipt) == ("refused", "media_not_stored", None)
    assert not files.folder.exists() or list(files.folder.iterdir()) == []
