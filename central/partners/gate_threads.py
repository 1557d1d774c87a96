"""A thread for each gate that the centre talks to by itself: it answers Sigur's questions, or tells gates of admissions."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType

from sqlalchemy import Engine

from central.core.gate_config import GateConfig, GatesConfig
from central.core.supervision import Step, Supervised
from central.core.trust import Trust
from central.deciding.passages import Asked, GatePassages
from central.partners.gate_talkers import GateRefused, GateSilent, GateTalker, secret_of, talker_of
from central.partners.sigur_delegation import SigurDelegation
from central.partners.sigur_line import SigurAway
from central.store import gate_passages, workers
from central.store.engine import reading, writing
from central.store.gate_passages import Passage

log = logging.getLogger(__name__)

FRESH = timedelta(seconds=60)
"""An admission that was signed longer ago opens no gate that is told: whoever it was for may have gone away."""
AGAIN_S = 3.0
"""Pause before a lost connection is made anew."""


class ToldGate:
    """One gate that is told of admissions at the terminals beside it."""

    def __init__(
        self,
        gate: GateConfig,
        passages: GatePassages,
        talker: GateTalker,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._gate, self._passages, self._talker, self._clock = gate, passages, talker, clock
        self._has_looked_back = False

    def look(self) -> int:
        """Tell the gate of what was signed since; returns how many openings it took."""
        engine, gate = self._passages.engine, self._gate
        if not self._has_looked_back:
            # Whether the gate heard of what was in hand when the program ended, nobody knows; it is not told again.
            with writing(engine) as connection:
                gate_passages.settle_in_hand(connection, gate.name, self._clock())
            self._has_looked_back = True
        with reading(engine) as connection:
            found = gate_passages.admitted_beside(connection, gate, self._clock() - FRESH)
        opened = 0
        for decision_id, worker_id in found:
            with reading(engine) as connection:
                row = workers.get_worker(connection, worker_id)
            number = str(row["personnel_number"]) if row is not None else ""
            began_s = time.monotonic()
            passage, is_new = self._passages.ask_once(gate, Asked(decision_id, worker_id, number, state="queued"))
            if is_new and passage.is_open:
                opened += self._tell(passage, number, began_s)
        return opened

    def _tell(self, passage: Passage, number: str, began_s: float) -> bool:
        gate, waited_s = self._gate, time.monotonic() - began_s
        if not self._passages.may_open(gate, passage, self._clock(), waited_s):
            self._passages.end(passage, "failed", before=("queued",))
            return False
        # From here on a correction cannot call it back.
        if not self._passages.end(passage, "telling", before=("queued",)):
            return False
        try:
            self._talker.let_in(gate, passage, number)
        except GateRefused as error:
            self._passages.end(passage, "failed", str(error), before=("telling",))
            return False
        except GateSilent as error:
            self._passages.end(passage, "unknown", str(error), before=("telling",))
            return False
        self._passages.end(passage, "told", before=("telling",))
        return True


def _delegation(gate: GateConfig, passages: GatePassages) -> Supervised:
    """Keeps the talk with a Sigur server up."""
    delegation = SigurDelegation(gate, passages, secret_of(gate))

    def talk() -> None:
        try:
            delegation.talk(lambda: thread.stopping)
        except SigurAway as error:
            # Not for a growing while: people stand before the gate.
            log.warning("gate %s: %s; the controller's own setting decides meanwhile", gate.name, error)

    thread = Supervised(f"gate-{gate.name}", (Step("talk", talk),), poll_s=AGAIN_S)
    return thread


class GateThreads:
    """All gates of the configuration that the centre talks to. `wake` after a decision was signed."""

    def __init__(self, engine: Engine, config: GatesConfig, trust: Trust) -> None:
        """Raises `OSError` for a secret that cannot be read."""
        passages = GatePassages(engine, trust)
        self._threads: list[Supervised] = []
        for gate in config.gates:
            if gate.opens == "on_admission":
                told = ToldGate(gate, passages, talker_of(gate))
                step = Step("openings", told.look)
                self._threads.append(Supervised(f"gate-{gate.name}", (step,), poll_s=config.poll_s))
            elif gate.kind == "sigur":
                self._threads.append(_delegation(gate, passages))

    def wake(self) -> None:
        """Look now."""
        for thread in self._threads:
            thread.wake()

    def __enter__(self) -> "GateThreads":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for thread in self._threads:
            thread.stop()
