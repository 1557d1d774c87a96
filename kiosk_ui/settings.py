"""Settings of this kiosk, which the composition root passes to the screens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kiosk_ui.view.model import ViewOptions


def no_facts() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class KioskSettings:
    """`check_pin` is None where no PIN is configured: then the service screen stays closed."""

    language: str = "ru"
    """Language of the idle screen, to which the kiosk goes back after each exam; one of `kiosk_ui.texts.LANGUAGES`."""
    fullscreen: bool = False
    sounds: bool = True
    view: ViewOptions = field(default_factory=ViewOptions)
    check_pin: Callable[[str], bool] | None = None
    """Called in a thread of its own, for a good hash takes its time; never twice at once."""
    pin_tries: Path | None = None
    """File that keeps the count of wrong PINs over a restart."""
    closable: bool = False
    """Whether a request of the window system (Alt+F4, a cross) closes the window. A kiosk's stays."""
    touch_guard_s: float = 0.7
    """No press counts while a screen has been seen for less than so many seconds: a double touch presses one button."""
    lonely_s: float = 60.0
    """A sheet over the idle screen, and the service screen, close by themselves after so many seconds without a touch."""
    card_gap_s: float = 0.05
    """A card or QR reader that types like a keyboard leaves less than this between two characters; no person does."""
    drawn_within_s: float = 10.0
    """A change of screens that is not drawn after so many seconds ends the program (`drawing_watch`)."""
    service_facts: Callable[[], Mapping[str, str]] = no_facts
    """What only the composition root knows: `disk`, `configuration`, `camera`. Must return at once."""
