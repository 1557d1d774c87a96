"""Errors of other layers in the language in use: one line of words, with the place and who must act.

Those layers speak English and know nothing of a language. Here each of their texts is found again by its wording with the values
in it (`texts/ru_told.toml`); what the system, TOML and the database library say is put into plain words first, in both languages.
"""

import errno
import os
import re
import socket
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from dopusk import words

_SYSTEM: Mapping[int, str] = {
    errno.ENOENT: "there is no such file or folder",
    errno.EISDIR: "it is a folder, and a file is needed",
    errno.ENOTDIR: "it is a file, and a folder is needed",
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
    errno.EEXIST: "it is there already",
    errno.ENOSPC: "no room on the disk",
    errno.EDQUOT: "no room on the disk",
    errno.EROFS: "the disk is read-only",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EBUSY: "it is in use",
    errno.ETXTBSY: "it is in use",
    errno.EADDRINUSE: "the address is in use by another program",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.ECONNREFUSED: "nobody answers there",
    errno.ECONNRESET: "the connection was cut",
    errno.ECONNABORTED: "the connection was cut",
    errno.EPIPE: "the connection was cut",
    errno.ETIMEDOUT: "no answer in time",
    errno.EHOSTUNREACH: "there is no way to that host",
    errno.ENETUNREACH: "there is no way to that host",
    errno.EIO: "the disk does not answer as it should",
    errno.ELOOP: "it is a link that leads to itself",
    errno.ENXIO: "it is no file that can be read",
    errno.ENODEV: "it is no file that can be read",
    errno.ENOTEMPTY: "the folder is not empty",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
}
_BY_TEXT = {os.strerror(number): text for number, text in _SYSTEM.items()}
_OF_SYSTEM = re.compile(r"\[Errno (-?\d+)\] ((?:[^:()\[\];']|:(?! '))*[^:()\[\];' ])(?:: '[^']*'(?: -> '[^']*')?)?")
_OF_TEXT = re.compile(r"'utf-?8' codec can't decode bytes? .*? in position (\d+)(?:-\d+)?: .*", re.DOTALL)
_OF_TOML = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_PLACE = re.compile(r"(\S+): (.*)", re.DOTALL)
_WHO = re.escape("{} (").replace(re.escape("{}"), "(.+?)")
_DATABASE = (
    ("refused", "the database does not answer; is it running, and is the address right?"),
    ("could not translate host name", "the database does not answer; is it running, and is the address right?"),
    ("failed to resolve host", "the database does not answer; is it running, and is the address right?"),
    ("No such file or directory", "the database does not answer; is it running, and is the address right?"),
    ("does not exist", "the database refuses this user or has no such base"),
    ("authentication failed", "the database refuses this user or has no such base"),
)


def told(text: str) -> str:
    """A text of another layer in the language in use; as it stands where nothing is known of it."""
    text = text.strip()
    plain = _plain(text)
    if words.in_use() == "en":
        return plain
    return _russian(plain)


def fault_lines(heading: str, path: str, faults: Sequence[str], who: str) -> list[str]:
    """Faults of a file, one a line below a heading; a file that cannot be read at all is told in one line with who must act."""
    if (len(faults) == 1 and not _PLACE.fullmatch(_plain(faults[0]))) or any(
        _OF_SYSTEM.match(fault) for fault in faults
    ):
        return [f"{path}: {told(f'{_plain(faults[0])} ({who})')}"]
    return [heading, *(f"  {told(fault)}" for fault in faults)]


def error_words(error: BaseException) -> str:
    """What an error says, in one line: first its place, where it has one."""
    if isinstance(error, OSError) and error.errno is not None:
        said = told(_system_words(error))
        return f"{error.filename}: {said}" if error.filename else said
    if is_of_database(error):
        return told(f"the store cannot be used: {_database_words(error)}")
    return " ".join(told(str(error.args[0] if isinstance(error, KeyError) and error.args else error)).split())


def is_unforeseen(error: BaseException) -> bool:
    """Whether an error of a common kind is one of the program itself, whose words tell a user nothing."""
    return isinstance(error, KeyError | IndexError)


def is_of_database(error: BaseException) -> bool:
    """Whether the library of the centre's store raised it; asked without loading that library."""
    return any(kind.__module__ == "sqlalchemy.exc" for kind in type(error).__mro__)


def _system_words(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "the host is not known"
    return _SYSTEM.get(error.errno or 0) or _own_words(error)


def _own_words(error: OSError) -> str:
    known = os.strerror(error.errno or 0)
    return f"error {error.errno} of the system" if known == error.strerror else str(error.strerror)


def _database_words(error: BaseException) -> str:
    said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if said in table():
        return said
    if "no such table" in said or words.in_use() == "en":
        return said
    return next((plain for sign, plain in _DATABASE if sign in said), f"it says: {said}")


def _plain(text: str) -> str:
    """Words of the system, of TOML and of the text reader in place of their own forms, wherever they stand in `text`."""
    place, _, rest = text.partition(": ")
    for whole in (_OF_TEXT.fullmatch(text), _OF_SYSTEM.fullmatch(text)):
        if whole is not None:
            return _plain_form(whole)
    toml = _OF_TOML.fullmatch(text)
    if toml is not None:
        line, column = toml[2], toml[3]
        where = f"(line {line}, column {column})" if line else "(at the end)"
        return f"not TOML: {toml[1]} {where}"
    if rest and " " not in place:
        return f"{place}: {_plain(rest)}"
    found = _OF_SYSTEM.search(text)
    return text[: found.start()] + _plain_form(found) + text[found.end() :] if found else _BY_TEXT.get(text, text)


def _plain_form(found: re.Match[str]) -> str:
    if found.re is _OF_TEXT:
        return f"not UTF-8 text (byte {found[1]})"
    if int(found[1]) < 0:
        return "the host is not known"
    return _SYSTEM.get(int(found[1])) or _BY_TEXT.get(found[2]) or f"error {found[1]} of the system"


def _russian(text: str) -> str:
    if " " not in text and text not in table():
        return text
    parts = text.split("; ")
    for pattern, russian in _patterns():
        if len(parts) > 1 and ";" not in pattern.pattern and not pattern.pattern.startswith(_WHO):
            continue
        found = pattern.fullmatch(text)
        if found is not None:
            return russian.format(*(_russian(_plain(value)) for value in found.groups()))
    placed = _PLACE.fullmatch(text)
    if placed is not None and ((put := _russian(placed[2])) != placed[2] or len(parts) == 1):
        return f"{placed[1]}: {put}"
    return "; ".join(map(_russian, parts)) if len(parts) > 1 else text


@cache
def table() -> dict[str, str]:
    """All texts of other layers with their Russian."""
    content = resources.files("dopusk").joinpath("texts", "ru_told.toml").read_text(encoding="utf-8")
    return {english: russian for section in tomllib.loads(content).values() for english, russian in section.items()}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Who must act first, since it stands at the end of any text; then the longest wording: the surest one."""
    ordered = sorted(
        table().items(), key=lambda item: (not item[0].startswith("{} ("), -len(item[0].replace("{}", "")))
    )
    return tuple(
        (re.compile("(.+?)".join(map(re.escape, key.split("{}"))), re.DOTALL), value) for key, value in ordered
    )
