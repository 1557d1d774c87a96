"""The search for a face as a way to say who one is: off unless the configuration names a legal basis and switches it on."""

from sync.contract.canonical import new_id
from terminal.config import TerminalConfig
from terminal.face.capture import Photographer, SessionFace


class FaceSearch:
    """Owns the one search that the photographer may be at. Only the core thread may use it."""

    def __init__(self, config: TerminalConfig, photographer: Photographer | None) -> None:
        biometrics = config.biometrics
        self._photographer = photographer
        self.is_offered = photographer is not None and biometrics.search and bool(biometrics.legal_basis.strip())
        self._request_id = ""

    @property
    def is_running(self) -> bool:
        """Whether somebody stands before the camera to be found."""
        return bool(self._request_id)

    def begin(self) -> bool:
        """Begin to look; false where the search is not offered."""
        if not self.is_offered or self._photographer is None:
            return False
        self._request_id = new_id()
        self._photographer.search(self._request_id)
        return True

    def is_current(self, message: SessionFace) -> bool:
        """Whether this belongs to the search that stands."""
        return self.is_running and message.request_id == self._request_id

    def done(self) -> None:
        """The search has answered."""
        self._request_id = ""

    def stop(self) -> None:
        """Another way was chosen, or the person left."""
        if self.is_running and self._photographer is not None:
            self._photographer.cancel()
        self._request_id = ""
