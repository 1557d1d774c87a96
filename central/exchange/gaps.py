"""Checks the chain of each terminal: every message names the hash of the one before it, and no number is missing.

A break is recorded when it is seen. A missing place is only suspected at first: ingest processes share the stream, and one
may be a batch ahead; terminals send exams before media. `sweep` looks again later and records what is still missing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.store import anomalies, chain_heads, messages
from central.store.anomalies import NewAnomaly
from central.store.messages import ChainPlace


class Chain:
    """The chains of some terminals, taken for one transaction."""

    def __init__(self, connection: Connection, terminal_ids: Sequence[str]) -> None:
        self._connection = connection
        self._heads = chain_heads.heads(connection, terminal_ids) if terminal_ids else {}

    def extend(self, places: Sequence[ChainPlace], *, now: datetime) -> list[NewAnomaly]:
        """Check new messages, already stored and ordered by `seq`, against their neighbours, and move the heads."""
        moved: dict[str, tuple[int, str]] = {}
        aside: list[ChainPlace] = []
        for place in places:
            seq, sha256 = moved.get(place.terminal_id, self._heads[place.terminal_id])
            if place.seq == seq + 1 and place.prev_hash == sha256:
                moved[place.terminal_id] = (place.seq, place.sha256)
                continue
            aside.append(place)
            if place.seq > seq:
                moved[place.terminal_id] = (place.seq, place.sha256)
                if place.seq > seq + 1:
                    chain_heads.suspect_gap(self._connection, place.terminal_id, seq + 1, now=now)
        chain_heads.advance_heads(
            self._connection,
            [{"terminal": name, "seq": seq, "sha256": sha256} for name, (seq, sha256) in sorted(moved.items())],
        )
        return self._look_at_neighbours(aside)

    def _look_at_neighbours(self, aside: Sequence[ChainPlace]) -> list[NewAnomaly]:
        noted = []
        for terminal_id in sorted({place.terminal_id for place in aside}):
            own = [place for place in aside if place.terminal_id == terminal_id]
            around = sorted({place.seq + step for place in own for step in (-1, 0, 1)})
            stored = messages.places(self._connection, terminal_id, around)
            for place in own:
                noted += _faults(place, stored)
        return noted


def sweep(connection: Connection, *, now: datetime, grace: timedelta) -> None:
    """Record what has been missing for longer than `grace`, and close the gaps that have been filled."""
    for terminal_id, first, last in chain_heads.suspected_gaps(connection, now - grace):
        missing = messages.missing_ranges(connection, terminal_id, first, last)
        for gap in anomalies.open_gaps(connection, terminal_id):
            if (gap["first_seq"], gap["last_seq"]) not in missing:
                anomalies.resolve(connection, gap["anomaly_id"], now=now)
        on_record = {(gap["first_seq"], gap["last_seq"]) for gap in anomalies.open_gaps(connection, terminal_id)}
        for start, end in missing:
            if (start, end) not in on_record:
                detail = f"messages {start} to {end} have not come, a later one has"
                found = NewAnomaly("gap", "", detail, terminal_id, None, start, end)
                anomalies.note(connection, found, now=now)
        chain_heads.set_gap_from(connection, terminal_id, missing[0][0] if missing else None)


def _faults(place: ChainPlace, stored: Sequence[ChainPlace]) -> list[NewAnomaly]:
    def odd(kind: str, detail: str) -> NewAnomaly:
        return NewAnomaly(kind, "", detail, place.terminal_id, place.message_id)

    found = []
    before = [other for other in stored if other.seq == place.seq - 1]
    same = [other for other in stored if other.seq == place.seq and other.message_id != place.message_id]
    after = [other for other in stored if other.seq == place.seq + 1]
    if same:
        found.append(odd("double_seq", f"place {place.seq} is taken by {len(same)} other message(s): two senders?"))
    if before and place.prev_hash not in {other.sha256 for other in before}:
        found.append(odd("broken_chain", f"message {place.seq} does not name the hash of {place.seq - 1}"))
    if after and place.sha256 not in {other.prev_hash for other in after}:
        found.append(odd("broken_chain", f"message {place.seq} is not the one that {place.seq + 1} names"))
    return found
