"""The composition root of a kiosk: window first, so that the screen is there at once, then the terminal behind it."""

import logging
import shutil
from collections.abc import Callable, Mapping

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dopusk.terminal_app import Terminal
from dopusk.thread_deaths import CRASHED, end_when_a_thread_dies
from kiosk_ui.app import Kiosk, run_kiosk
from kiosk_ui.settings import KioskSettings
from kiosk_ui.texts import LANGUAGES, SHIPPED_BOOKS, texts_of
from kiosk_ui.view.model import ViewOptions
from sync.contract.books import CONSENT_TEXT
from terminal.camera import Camera
from terminal.config import TerminalConfig
from terminal.mailbox import Mailbox

log = logging.getLogger(__name__)


def run_kiosk_terminal(
    config: TerminalConfig,
    *,
    on_window: Callable[[Kiosk], None] = lambda kiosk: None,
    fullscreen: bool = True,
    touch_guard_s: float = KioskSettings().touch_guard_s,
) -> int:
    """Run a terminal with its window until it is closed; returns the exit code.

    `on_window` is called in the Qt thread when the window is there. Raises `ConfigError` and `StoreError`.
    """
    mailbox = Mailbox()
    camera = Camera(config.camera.source) if config.camera.source else None
    running: list[Terminal] = []

    crashed = end_when_a_thread_dies()

    def start(kiosk: Kiosk) -> None:
        terminal = Terminal(
            config,
            kiosk.publish,
            mailbox=mailbox,
            camera=camera,
            consent_texts=consent_texts(),
            shipped_books=SHIPPED_BOOKS | {CONSENT_TEXT: config.exam.consent_version},
        )
        running.append(terminal)
        terminal.start()
        on_window(kiosk)

    try:
        code = run_kiosk(
            mailbox.post,
            camera,
            kiosk_settings(config, fullscreen=fullscreen, touch_guard_s=touch_guard_s),
            on_ready=start,
        )
        return CRASHED if crashed else code
    finally:
        for terminal in running:
            terminal.close()
        if not running and camera is not None:
            camera.close()


def kiosk_settings(
    config: TerminalConfig, *, fullscreen: bool, touch_guard_s: float = KioskSettings().touch_guard_s
) -> KioskSettings:
    """What the screens need of the configuration."""

    def facts() -> Mapping[str, str]:
        free_gb = shutil.disk_usage(config.files.store.parent).free / 1e9
        return {
            "disk": f"{free_gb:.1f} GB",
            "configuration": config.version,
            "camera": config.camera.source.partition(":")[0] or "—",  # the kind; an address may hold a password
        }

    return KioskSettings(
        fullscreen=fullscreen,
        touch_guard_s=touch_guard_s,
        view=ViewOptions(exam_type=config.exam.type),
        check_pin=_pin_check(config.service.pin_hash) if config.service.pin_hash else None,
        service_facts=facts,
        pin_tries=config.files.store.with_suffix(".pin"),
        closable=not fullscreen,
    )


def consent_texts() -> dict[str, str]:
    """The whole consent text by language, as the worker can read it; its hash is stored with the answer."""
    return {
        language: "\n".join((*texts_of(language).lines("consent.lines"), texts_of(language)("consent.full")))
        for language in LANGUAGES
    }


def _pin_check(pin_hash: str) -> Callable[[str], bool]:
    hasher = PasswordHasher()

    def is_right(pin: str) -> bool:
        try:
            return hasher.verify(pin_hash, pin)
        except (VerificationError, InvalidHashError):
            return False

    return is_right
