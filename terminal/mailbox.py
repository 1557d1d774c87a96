"""The core thread's only queue: everything that a person, a device, the camera or the link reports to it."""

from contextlib import suppress
from queue import Empty, SimpleQueue

from drivers.messages import DeviceMessage
from drivers.relay_worker import RelayDone, RelayState
from sync.link_report import LinkReport
from terminal import intents
from terminal.camera.film import FilmMessage
from terminal.face.capture import FaceMessage
from terminal.face.continuity import StrangerSeen
from terminal.face.enroller import PortraitJudged
from terminal.touched import Touched


class InboxNews:
    """Posted by the sync side: something came from the centre."""


Message = (
    intents.Intent
    | Touched
    | DeviceMessage
    | FaceMessage
    | PortraitJudged
    | FilmMessage
    | StrangerSeen
    | LinkReport
    | InboxNews
    | RelayDone
    | RelayState
)


class Mailbox:
    """The core thread's one way in. May be handed out before the service exists; `post` is safe from any thread."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Message | None] = SimpleQueue()

    def post(self, message: Message) -> None:
        self._queue.put(message)

    def wake(self) -> None:
        """Let the core thread look around without a message."""
        self._queue.put(None)

    def take(self, timeout_s: float) -> Message | None:
        """The next message, or None after `timeout_s`."""
        with suppress(Empty):
            return self._queue.get(timeout=timeout_s)
        return None
