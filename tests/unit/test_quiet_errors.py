"""The words of an unforeseen error may carry values of people: logs get its kind and its place, never a trace with its words."""

import ast
import logging
import sys
from pathlib import Path

import pytest

from dopusk.commands.central_serve import without_words

ROOT = Path(__file__).parents[2]
SHIPPED = [
    path for name in ("central", "terminal", "sync", "drivers", "kiosk_ui") for path in (ROOT / name).rglob("*.py")
]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_trace_of_an_error_is_logged(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    traced = [
        call.lineno
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and (
            (call.func.attr == "exception" and isinstance(call.func.value, ast.Name) and "log" in call.func.value.id)
            or any(word.arg == "exc_info" for word in call.keywords)
        )
    ]
    assert traced == []


def test_the_web_server_logs_no_words_of_an_error() -> None:
    try:
        raise ValueError("Ветров Степан Ильич")
    except ValueError:
        record = logging.LogRecord(
            "uvicorn.error", logging.ERROR, "", 0, "Exception in ASGI application", (), sys.exc_info()
        )
    assert without_words(record)
    shown = logging.Formatter().format(record)
    assert "ValueError" in shown
    assert "test_quiet_errors.py" in shown
    assert "Exception in ASGI" in shown
    assert record.exc_info is None
