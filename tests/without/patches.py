"""The patches of this folder: what each promises, where that is said, which test proves it. Reads files only."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
_KEYS = ("Promise", "Said", "Keeps", "Test")
_FIELD = re.compile(r"^(\w+): (.+(?:\n[ \t]+.+)*)", re.MULTILINE)
_QUOTATION = re.compile(r'([\w./-]+) "([^"]+)"')


class BadPatch(Exception):
    """A file of this folder that is no patch of ours; the message says what is wrong, for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One promise, and the change that breaks it."""

    name: str
    promise: str
    said: str
    """Where it is promised: `page "sentence as it stands there"`, more of them after a semicolon."""
    keeps: str
    """What the line does that is taken out."""
    test: str
    """`path::name` of the test, as pytest takes it."""
    diff: str

    @property
    def files(self) -> tuple[str, ...]:
        """The sources that it changes."""
        return tuple(re.findall(r"^\+\+\+ b/(\S+)$", self.diff, re.MULTILINE))

    @property
    def quotations(self) -> tuple[tuple[str, str], ...]:
        """Pages with the words that they promise it by."""
        return tuple((page, sentence) for page, sentence in _QUOTATION.findall(self.said))

    @property
    def key(self) -> str:
        """Changes when the patch does, the sources that it changes, or its test."""
        digest = hashlib.sha256(self.diff.encode())
        for name in (*self.files, self.test.partition("::")[0]):
            digest.update((ROOT / name).read_bytes())
        return digest.hexdigest()


def read(path: Path) -> Patch:
    """Parse one file. Raises `BadPatch`."""
    head, found, diff = path.read_text(encoding="utf-8").partition("\ndiff --git ")
    if not found:
        raise BadPatch(f"{path.name}: there is no diff in it")
    fields = {key: " ".join(value.split()) for key, value in _FIELD.findall(head)}
    missing = [key for key in _KEYS if key not in fields]
    if missing:
        raise BadPatch(f"{path.name}: its head lacks {', '.join(missing)}")
    made = Patch(path.stem, *(fields[key] for key in _KEYS), diff=f"diff --git {diff}")
    if _QUOTATION.sub("", made.said).strip("; ") or not made.quotations:
        raise BadPatch(f'{path.name}: Said is not of the form: page "sentence"; page "sentence"')
    lost = [name for name in made.files if not (ROOT / name).is_file()]
    if lost or not made.files:
        raise BadPatch(f"{path.name}: it changes {', '.join(lost) or 'nothing'}, which is not there")
    if not _has_test(made.test):
        raise BadPatch(f"{path.name}: there is no test {made.test}")
    return made


@cache
def all_patches() -> tuple[Patch, ...]:
    """Every patch of the folder, by name. Raises `BadPatch` with a line for each bad one."""
    made, faults = list[Patch](), list[str]()
    for path in sorted(FOLDER.glob("*.patch")):
        try:
            made.append(read(path))
        except BadPatch as error:
            faults.append(str(error))
    if faults:
        raise BadPatch("\n".join(faults))
    return tuple(made)


def _has_test(place: str) -> bool:
    file, _, name = place.partition("::")
    if not (ROOT / file).is_file():
        return False
    return not name or _defines(file, name.partition("[")[0].rpartition("::")[2])


def _defines(file: str, function: str) -> bool:
    return re.search(rf"^ *(async )?def {re.escape(function)}\(", _text(file), re.MULTILINE) is not None


@cache
def _text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")
