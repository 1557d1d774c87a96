"""No module reaches itself by its imports, those inside functions included: a hidden circle is a circle."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("central", "config", "dopusk", "drivers", "kiosk_ui", "signer", "simulators", "sync", "terminal")


@cache
def _modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(source: str) -> set[str]:
    """Every module of ours that the source imports, wherever it does; what is only for the type checker is left out."""
    found: set[str] = set()
    nodes = [ast.parse(source)]
    while nodes:
        node: ast.AST = nodes.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            nodes.extend(node.orelse)  # type: ignore[arg-type]
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in _modules() else node.module for name in names}
        nodes.extend(ast.iter_child_nodes(node))  # type: ignore[arg-type]
    return found & set(_modules())


def test_no_module_reaches_itself() -> None:
    graph = {
        name: imports_of(path.read_text(encoding="utf-8")) - {name}
        for name, path in _modules().items()
        if path.name != "__init__.py"
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError("a circle of imports: " + " → ".join(error.args[1])) from None


def test_a_circle_inside_a_function_is_seen() -> None:
    assert imports_of("def late():\n    from terminal.clock import Clock\n    return Clock") == {"terminal.clock"}
