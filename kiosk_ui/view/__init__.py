"""The words of a screen, as a pure function of the terminal's snapshot: `view_of(snapshot, language)`.

`model` is a screen's content, `asking`, `measuring`, `ending` and `standing` write the pages, `frame` what stands around
them on every screen, `draft` what the person has typed and not yet sent, `sounds` which tone a change of screens asks for.
"""

from kiosk_ui.view.draft import Draft
from kiosk_ui.view.model import ScreenView, ViewOptions, as_plain
from kiosk_ui.view.screen import advanced, view_of

__all__ = ["Draft", "ScreenView", "ViewOptions", "advanced", "as_plain", "view_of"]
