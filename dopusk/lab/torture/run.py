"""Running the rounds: faults at their moments, whoever dies is started again, then everything drains and is counted."""

import heapq
import itertools
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dopusk.lab.torture.count import Outcome, count
from dopusk.lab.torture.echo import Echo
from dopusk.lab.torture.plan import ROUND_S, PlannedFault, draw
from dopusk.lab.torture.stage import Stage, Worker, build_stage
from terminal.config import load_config
from terminal.store.database import KeyFile, StoreError, connect

TERMINALS = ["kiosk-1", "kiosk-2"]
INGESTS = ["ingest-1", "ingest-2"]
DRAIN_WITHIN_S = 180.0
_TICK_S = 0.02


@dataclass
class Tormentor:
    """Carries out faults. Everything it does to a process it undoes after the fault's time."""

    stage: Stage
    echo: Echo
    done: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def strike(self, fault: PlannedFault) -> None:
        """Do it now."""
        self.done[f"{fault.kind}:{fault.target.rpartition('/')[2].split('-')[0]}"] += 1
        match fault.kind:
            case "kill":
                self._kill(self.stage.workers[fault.target])
            case "freeze":
                self._freeze(self.stage.workers[fault.target], fault.for_s)
            case "broker_kill" | "broker_forget":
                self.kills += 1
                self.stage.broker.kill()
                if fault.kind == "broker_forget":
                    self.stage.broker.forget()
                self._after(fault.for_s, self._start_broker)
            case "broker_freeze":
                self.stage.broker.pause()
                self._after(fault.for_s, self.stage.broker.resume)
            case "cut":
                self.stage.terminals[fault.target].proxy.cut()
                self._after(fault.for_s, self.stage.terminals[fault.target].proxy.heal)
            case "half_open":
                self.stage.terminals[fault.target].proxy.half_open()
                self._after(fault.for_s, self.stage.terminals[fault.target].proxy.heal)
            case "disk_full":
                self._fill_disk(fault.target, fault.for_s)
            case "clock_jump":
                self.stage.terminals[fault.target].offset_s.value = fault.hours * 3600.0
            case "double":
                self.echo.say_again()

    def tick(self) -> None:
        """Undo what is over, start whoever is dead, take what the kiosks show."""
        while self._due and self._due[0][0] <= time.monotonic():
            heapq.heappop(self._due)[2]()
        for worker in self.stage.workers.values():
            if worker.process is not None and worker.process.exitcode is not None:
                worker.start()
        for terminal in self.stage.terminals.values():
            terminal.drain()

    def make_up(self) -> None:
        """Undo everything that is still on."""
        while self._due:
            heapq.heappop(self._due)[2]()

    def _kill(self, worker: Worker) -> None:
        if worker.process is not None and worker.process.exitcode is None:
            self.kills += 1
            worker.kill()

    def _freeze(self, worker: Worker, for_s: float) -> None:
        worker.signal(signal.SIGSTOP)
        self._after(for_s, lambda: worker.signal(signal.SIGCONT))

    def _fill_disk(self, target: str, for_s: float) -> None:
        hit = [worker for name, worker in self.stage.workers.items() if name.split("/")[0] == target]
        for worker in hit:
            worker.fill_disk(True)
            self._after(for_s, lambda worker=worker: worker.fill_disk(False))  # type: ignore[misc]  # bound early

    def _start_broker(self) -> None:
        self.stage.broker.kill()  # another fault may have started it already
        self.stage.broker.start()

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), call))


def run(folder: Path, *, rounds: int, seed: int, store_url: str, pause_s: float = 0.15) -> Outcome:
    """Torture a fresh stage in `folder`. Raises `BrokerError`, `OSError` when the stage cannot be built."""
    began_s = time.monotonic()
    stage = build_stage(folder, store_url, TERMINALS, INGESTS, pause_s)
    try:
        for worker in stage.workers.values():
            worker.start()
        echo = Echo(stage)
        tormentor = Tormentor(stage, echo)
        for faults in draw(rounds, seed, TERMINALS, INGESTS):
            _round(tormentor, faults)
        tormentor.make_up()
        drained = _drain(stage, tormentor)
        for worker in stage.workers.values():
            worker.end()
        for terminal in stage.terminals.values():
            terminal.drain()
        echo.close()
        outcome = count(stage)
    finally:
        stage.close()
    outcome.rounds, outcome.kills, outcome.by_fault = rounds, tormentor.kills, dict(sorted(tormentor.done.items()))
    outcome.drained = drained
    outcome.seconds = round(time.monotonic() - began_s, 1)
    return outcome


def _round(tormentor: Tormentor, faults: list[PlannedFault]) -> None:
    start_s = time.monotonic()
    for fault in faults:
        _wait(tormentor, start_s + fault.at_s)
        tormentor.strike(fault)
    _wait(tormentor, start_s + ROUND_S)


def _wait(tormentor: Tormentor, until_s: float) -> None:
    while True:
        tormentor.tick()
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            return
        time.sleep(min(_TICK_S, left_s))


def _drain(stage: Stage, tormentor: Tormentor) -> bool:
    """Let the kiosks finish and everything be receipted; False when that takes too long.

    Each kiosk begins one more exam in peace: on a slow machine it was perhaps never left alone for long enough before.
    """
    for terminal in stage.terminals.values():
        terminal.offset_s.value = 0.0
    _wait(tormentor, time.monotonic() + 1.0)
    before = {name: len(terminal.shown) for name, terminal in stage.terminals.items()}
    deadline_s = time.monotonic() + DRAIN_WITHIN_S
    while any(len(terminal.shown) == before[name] for name, terminal in stage.terminals.items()):
        if time.monotonic() > deadline_s:
            return False
        _wait(tormentor, time.monotonic() + _TICK_S)
    stage.stopping.value = 1
    for terminal in stage.terminals.values():
        stage.workers[f"{terminal.name}/core"].end()
        stage.workers[f"{terminal.name}/sync"].end()
        stage.workers[f"{terminal.name}/sync"].start()
    deadline_s = time.monotonic() + DRAIN_WITHIN_S
    while time.monotonic() < deadline_s:
        tormentor.tick()
        if all(_is_empty(terminal.config_file) for terminal in stage.terminals.values()):
            return True
        time.sleep(0.2)
    return False


def _is_empty(config_file: Path) -> bool:
    config = load_config(config_file)
    try:
        db = connect(config.files.store, KeyFile(config.files.master_key).master_key())
    except StoreError:
        return False
    try:
        (queued,) = db.execute("SELECT count(*) FROM outbox WHERE state = 'queued'").fetchone()
        return bool(queued == 0)
    finally:
        db.close()
