"""Chooses the tone for a change of screens. A refusal sounds like any other end, so that nobody is put to shame."""

from typing import Literal

from kiosk_ui.view.model import ScreenView

Tone = Literal["start", "end", "error"]

_ERRORS = frozenset({"try_again", "trouble", "not_today", "urgent"})
_ENDS = frozenset({"result", "decision", "rest"})
_STARTS = frozenset({"face", "temperature", "pressure", "breath"})


def tone_between(before: ScreenView | None, after: ScreenView) -> Tone | None:
    """`start` when a step begins or the device begins to work, `end` when it is done, `error` when somebody must act."""
    if before is None or (before.screen, before.page.state, before.page.error) == (
        after.screen,
        after.page.state,
        after.page.error,
    ):
        return None
    if before.page.error != after.page.error and after.page.error:
        return "error"
    if before.screen == after.screen:
        state = after.page.state
        if state in ("measuring", "waiting_for_breath"):
            return "start"
        return "end" if state == "analysing" else None
    if after.screen in _ERRORS:
        return "error"
    if after.screen in _ENDS or before.screen == "face":
        return "end"
    return "start" if after.screen in _STARTS else None
