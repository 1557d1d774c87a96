"""Errors of the program itself, caught so that one failed piece of work does not stop the others.

A message, a frame or a row that meets a fault of ours is set aside by whoever calls this; the thread goes on with the next.
"""

import logging
import traceback

from sync import metrics

log = logging.getLogger(__name__)

PROGRAM_FAULT = "program_fault"
"""Code of a message that met a fault of this program and was set aside."""


def note_fault(thread: str, work: str, error: BaseException) -> None:
    """Log where a fault of ours happened and count it. Its text may hold what people entered, and is left out."""
    metrics.thread_faults.labels(thread).inc()
    trace = "".join(traceback.format_tb(error.__traceback__))
    log.critical("fault of the program in %s, %s: %s (developers)\n%s", thread, work, type(error).__name__, trace)


def count_of_faults() -> int:
    """How many were caught in this process since its start."""
    samples = (sample for metric in metrics.thread_faults.collect() for sample in metric.samples)
    return int(sum(sample.value for sample in samples if sample.name.endswith("_total")))
