"""The words of an unforeseen error may carry values of people: logs get its kind and its place, never a trace with its words."""

import ast
from pathlib import Path

import pytest

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
