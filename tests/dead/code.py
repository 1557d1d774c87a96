"""Functions, methods, classes, properties and imports that nothing of the product names. What only tests name counts as unused.

Vulture compares names over the whole product; a private name is looked for in its own file alone, the only place where it may be
used. Names that templates and screens use count as used.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from vulture import Vulture

from tests.dead.found import PRODUCT, Unused, sources

_KINDS = {"function", "method", "class", "property", "import"}
_CALLED_BY_DECORATION = [
    "@*router.*", "@*app.*", "@*.command", "@*.callback", "@*validator", "@migrations", "@Slot", "@*.middleware", "@listens_for",
    "@*.exception_handler", "@overload", "@*.listens_for", "@compiles",
]  # fmt: skip
_STARTERS = {"CommandPlace", "_spawn"}
"""Take the name of a function: commands of `dopusk`, processes of the torture."""
_WORD = re.compile(r"[A-Za-z_]\w+")


def unused_code(root: Path, folders: tuple[str, ...] = PRODUCT) -> Iterator[Unused]:
    """Each by file and line."""
    shown = _shown(root) | {name for path, tree in sources(root, *folders) for name in _named_by_words(path, tree)}
    seeker = Vulture(ignore_decorators=_CALLED_BY_DECORATION)
    seeker.scavenge([root / folder for folder in folders if (root / folder).is_dir()])
    found = {
        Unused(str(Path(item.filename).relative_to(root)), item.first_lineno, item.typ, item.name)
        for item in seeker.get_unused_code(min_confidence=60)
        if item.typ in _KINDS and item.name not in shown and not item.name.startswith("__")
    }
    yield from found
    seen = {one.key for one in found}
    for path, tree in sources(root, *folders):
        for kind, line, name in _private(tree):
            one = Unused(str(path.relative_to(root)), line, kind, name)
            if one.key not in seen:
                yield one


def _private(tree: ast.Module) -> Iterator[tuple[str, int, str]]:
    """Private functions, methods and classes that their own file does not name."""
    used = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            used.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            used |= set(_WORD.findall(node.value))  # a type in quotes
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.decorator_list:
            continue
        if re.fullmatch(r"_[^_].*", node.name) and node.name not in used:
            yield "class" if isinstance(node, ast.ClassDef) else "function", node.lineno, node.name


def _named_by_words(path: Path, tree: ast.Module) -> Iterator[str]:
    """What is started by its name, stands in quotes as a type, or is found by walking the simulators."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _STARTERS:
            yield from (str(part.value) for part in node.args if isinstance(part, ast.Constant))
        elif isinstance(node, ast.AnnAssign | ast.arg) and isinstance(node.annotation, ast.Constant):
            yield from _WORD.findall(str(node.annotation.value))
        elif isinstance(node, ast.ClassDef) and "simulators" in path.parts:
            yield from (node.name for part in node.body if isinstance(part, ast.AnnAssign) and _is_model_name(part))


def _is_model_name(part: ast.AnnAssign) -> bool:
    return isinstance(part.target, ast.Name) and part.target.id == "NAME"


def _shown(root: Path) -> set[str]:
    """Names in templates of pages and in screens."""
    pages = [
        *(root / "central").rglob("*.html"),
        *(root / "central").rglob("*.xml"),
        *(root / "kiosk_ui").rglob("*.qml"),
    ]
    return {name for page in pages for name in _WORD.findall(page.read_text(encoding="utf-8"))}
