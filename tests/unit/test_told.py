"""What other layers say by their errors reaches people in their language: every text of the sources has its Russian."""

import ast
import errno
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from dopusk import told, words
from tests.command_line import english_in

ROOT = Path(__file__).resolve().parents[2]
RAISING = (
    "drivers/*.py", "drivers/devices/*.py", "drivers/transport/*.py", "terminal/config.py", "terminal/camera/source.py",
    "terminal/store/database.py", "terminal/store/store.py", "terminal/store/recover.py", "terminal/store/tidy.py",
    "terminal/face/picture_file.py", "terminal/face/evaluate.py", "terminal/face/liveness_film.py",
    "terminal/face/engines/choose.py", "terminal/face/engines/fetching.py", "terminal/face/engines/model_files.py",
    "terminal/face/engines/yunet_sface.py", "sync/broker_address.py", "sync/contract/enrolment.py",
    "central/access/accounts.py", "central/keeping/backup.py", "central/core/config.py",
    "central/core/login_config.py", "central/core/waybill_config.py", "central/core/gate_config.py",
    "central/core/partner_config.py",
    "central/terminals/enrolment.py", "central/authority/certificates.py", "central/deciding/medics.py",
    "central/link/outgoing.py", "central/egress/rules.py", "central/store/schema.py", "central/store/terminals.py",
    "central/store/accounts.py", "central/store/chain_heads.py", "central/authority/pki.py",
    "central/authority/organisation_keys.py",
    "central/systems/map_files.py", "central/systems/converting/registry.py",
    "central/people/registry.py", "central/deciding/decisions.py", "central/signature/software.py",
    "simulators/bench.py", "simulators/model.py", "simulators/lines.py", "simulators/fleet.py",
    "simulators/fleet_terminal.py", "dopusk/terminal_enrolment.py", "dopusk/keys.py", "dopusk/lab/demo/*.py",
    "dopusk/lab/broker.py",
    "dopusk/checkout.py", "dopusk/commands/*.py", "dopusk/lab/commands/*.py",
)  # fmt: skip
"""Modules whose errors a command of the installer shows."""
TELLING = (
    "dopusk/terminal_check.py",
    "terminal/store/verify*.py",
    "central/keeping/verify*.py",
    "central/signature/archive.py",
    "sync/contract/verify_report.py",
)
"""Modules whose every text is shown."""
OURS = {
    "DeviceError is abstract: raise one of its children", "a probe must not write register {} of unit {}",
    "driver {} makes no instrument", "there is no line", "the line is not open", "{}: fault of the program: {}",
    "{} has no field {}", "{}: not as wanted within {} s: {}", "{}: scenarios name fields without a default: {}",
    "there is a {} on the bench already", "there is no {} on the bench, there are: {}", "neither settle nor cycle",
    "there is no key to be sealed", "the certificate request is not signed by its own key",
    "the register names another certificate now; open the key again",
    "{}: no such driver; {}: {}", "the terminal's signing key is no Ed25519 key", "OpenCV cannot encode JPEG",
    "the demo's {} do not pass the checks: {}", "the demo's past does not fit the contract: {}", "{}; on the screen: {}",
}  # fmt: skip
"""Faults of the program itself, and what no command can meet."""
_ERROR = re.compile(
    r"(Error|Refused|Failed|Wrong|Unreadable|Missing|Unavailable|Taken|Fault|Trouble|Device|Response|Reading|Parameter)$"
)
_SQL = re.compile(r"^(SELECT|PRAGMA|INSERT|UPDATE|DELETE|CREATE)\b|ORDER BY")


def _template(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def _texts(tree: ast.AST) -> Iterator[str]:
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        found = None if id(node) in inner | notes else _template(node)
        if found and " " in found.strip() and re.search("[a-z]{3}", found) and not _SQL.search(found):
            yield found


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _raised(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _ERROR.search(_name(node)):
            yield from _texts(node)


def _sources(patterns: tuple[str, ...]) -> Iterator[ast.AST]:
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            yield ast.parse(path.read_text(encoding="utf-8"))


def test_every_module_that_is_looked_into_is_there() -> None:
    assert [pattern for pattern in RAISING + TELLING if not any(ROOT.glob(pattern))] == []


def _told_texts() -> set[str]:
    raised = {text for tree in _sources(RAISING) for text in _raised(tree)}
    return (raised | {text for tree in _sources(TELLING) for text in _texts(tree)}) - OURS


@pytest.fixture
def russian() -> Iterator[None]:
    words.use("ru")
    yield
    words.use("en")


@pytest.mark.usefixtures("russian")
def test_every_text_that_an_error_carries_has_its_russian() -> None:
    texts = _told_texts()
    assert len(texts) > 250
    left = {text: told.told(text.replace("{}", "7")) for text in texts}
    assert {text: said for text, said in left.items() if english_in(said)} == {}


def test_the_russian_keeps_the_values() -> None:
    for english, russian in told.table().items():
        count = english.count("{}")
        made = russian.format(*(f"<{number}>" for number in range(count)))
        if english in KEPT_BACK:
            continue
        assert all(f"<{number}>" in made for number in range(count)), english


KEPT_BACK = {
    "Input should be a valid date in the format YYYY-MM-DD, {}", "Input should be a valid date or datetime, {}",
    "Input should be in a valid time format, {}", "Input is not a valid path for {}",
    "Input should be a valid dictionary or instance of {}", "{}: not UTF-8 text ({} at byte {})",
    "{} should have at least {} item after validation, not {}", "{} should have at least {} items after validation, not {}",
    "{} should have at most {} item after validation, not {}", "{} should have at most {} items after validation, not {}",
}  # fmt: skip
"""Their values say in English what the Russian says already."""


@pytest.mark.usefixtures("russian")
def test_every_error_of_the_system_is_told_in_words() -> None:
    for number in errno.errorcode:
        error = OSError(number, os.strerror(number), "/somewhere/file")
        for text in (told.error_words(error), told.told(str(error)), told.told(f"/a/b cannot be read: {error}")):
            assert english_in(text) == [], text
            assert "Errno" not in text


@pytest.mark.usefixtures("russian")
@pytest.mark.parametrize(
    "content",
    ["a = = 1", "a", "[a", "[[a", "a = '", 'a = "x', "a = [1", "a = {b = 1", "a = 1 2", "a = 1\na = 2", "[a]\n[a]", "a = 'x\ny'",
     'a = "\\q"', "a = 2026-13-01", "= 1", "a.b = 1\na = 2", "a = {b = 1, b = 2}", 'a = "\\u12"', "a = \x01"],
)  # fmt: skip
def test_every_fault_of_toml_is_told_in_words(content: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as raised:
        tomllib.loads(content)
    said = told.told(str(raised.value))
    assert english_in(said.replace("TOML", "")) == [], said
    assert "ошибка в записи TOML" in said


def test_the_system_speaks_plainly_in_english_too() -> None:
    assert told.told("[Errno 2] No such file or directory: '/a/b'") == "there is no such file or folder"
    assert told.told("files.store: [Errno 13] Permission denied: '/a'") == "files.store: no permission"


@pytest.mark.usefixtures("russian")
def test_a_text_of_several_parts_is_told_part_by_part() -> None:
    text = "files.store: it belongs to a of b, and this is c of d; "
    text += "move the store away or give the terminal its own keys again"
    assert (
        told.told(text)
        == "files.store: хранилище терминала a (b), а это c (d); уберите хранилище или верните терминалу его ключи"
    )
    given = "identity.generation: Input should be 'real', 'demo' or 'test' (given: 'x')"
    assert told.told(given) == "identity.generation: должно быть 'real', 'demo' или 'test' (сейчас: 'x')"
