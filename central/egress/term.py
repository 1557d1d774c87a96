"""One time limit for everything that an external server may delay: names, connection, every byte of the answer."""

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from central.egress.connecting import Unreached

Result = TypeVar("Result")


def within(
    term_s: float, work: Callable[[], Result], name: str, hang_up: Callable[[], object] = lambda: None
) -> Result:
    """What `work` returns or raises, or `Unreached` (`no_answer`) after `term_s` seconds; `hang_up` then ends its connection.

    A thread of its own: a name server that is silent cannot be interrupted, and the caller must not wait for it.
    """
    outcomes: queue.SimpleQueue[tuple[Result | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcomes.put((work(), None))
        except BaseException as error:  # noqa: BLE001  # whoever waits is told, whatever it was
            outcomes.put((None, error))

    threading.Thread(target=run, name=name, daemon=True).start()
    try:
        result, error = outcomes.get(timeout=term_s)
    except queue.Empty:
        with contextlib.suppress(Exception):
            hang_up()
        raise Unreached("no_answer", f"no answer within {term_s:g} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # without an error it is what `work` returned
