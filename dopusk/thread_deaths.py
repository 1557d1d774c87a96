"""Ends the process when one of our threads dies, so that the supervisor starts a whole one."""

import logging
import os
import signal
import threading
import traceback

log = logging.getLogger(__name__)

CRASHED = 70
"""Exit code after a bug of ours (EX_SOFTWARE)."""
_REVIVED = "paho-mqtt-client-"
"""Threads of the MQTT library: the sync thread sees that one has died, counts it and starts it again."""


def end_when_a_thread_dies() -> list[str]:
    """Returns a list that then holds the thread's name. Everything committed is on the disk."""
    crashed: list[str] = []

    def end(what: threading.ExceptHookArgs) -> None:
        name = what.thread.name if what.thread else "?"
        trace = "".join(traceback.format_tb(what.exc_traceback))
        if name.startswith(_REVIVED):
            log.error("thread %s died of %s and is started again\n%s", name, what.exc_type.__name__, trace)
            return
        crashed.append(name)
        log.critical("thread %s died of %s; the terminal ends\n%s", name, what.exc_type.__name__, trace)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.excepthook = end
    return crashed
