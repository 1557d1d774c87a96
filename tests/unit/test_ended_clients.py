"""Whoever ends the thread of an MQTT client closes its socket too: the library leaves it open where the broker has not hung up."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("central", "dopusk", "simulators", "sync", "terminal")


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for package in SOURCES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    yield f"{path.relative_to(ROOT)}:{node.name}", node


def _calls(node: ast.AST) -> list[str]:
    """Names of the methods that are called, in the order of the source."""
    found = [one for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)]
    return [one.func.attr for one in sorted(found, key=lambda one: one.lineno) if isinstance(one.func, ast.Attribute)]


def test_no_client_ends_with_its_socket_open() -> None:
    ending = {name: _calls(node) for name, node in _functions() if "loop_stop" in _calls(node)}
    assert ending, "nobody ends a client: this test looks in the wrong place"
    left_open = [name for name, calls in ending.items() if "close" not in calls[calls.index("loop_stop") :]]
    assert left_open == []
