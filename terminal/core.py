"""Shared context of the core thread, made once and passed to every part."""

from dataclasses import dataclass

from drivers.park import Park
from terminal.clock import Clock
from terminal.config import TerminalConfig
from terminal.open_exams import OpenExams
from terminal.store.store import TerminalStore
from terminal.timers import TimerHeap


@dataclass(frozen=True, slots=True)
class Core:
    """Used by the core thread alone."""

    config: TerminalConfig
    store: TerminalStore
    exams: OpenExams
    park: Park
    clock: Clock
    timers: TimerHeap
