"""Cleans text on every way in (forms, files, JSON, command line) and on its way out. Pure.

Texts that people paste hold signs that nobody sees: soft line breaks of word processors, marks of writing direction, letters
taken apart into base and accent. Two names that look alike would differ, and an XLSX file cannot hold some of the signs at all.
Signed bytes are never cleaned; what is shown or exported of them is.
"""

import re
import unicodedata

UNREADABLE = "\ufffd"
"""Stands for a sign that was lost on the way."""

_BREAKS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_UNSEEN = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_SURROGATES = "\ud800-\udfff"
_NO_CHARACTERS = "\ufdd0-\ufdef" + "".join(
    chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000)
)
_NO_TEXT = re.compile(f"[{_SURROGATES}{_NO_CHARACTERS}]")
_HALVES = re.compile(f"[{_SURROGATES}]")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LIKE_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


def clean(text: str) -> str:
    """The text as people see it, in normal form C: breaks of every kind are line feeds, other controls are blanks.

    Unseen signs of writing direction and width go. What is no character at all becomes U+FFFD. Cleaning twice changes nothing.
    """
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        # Most texts are as they should be: no control, no unseen and no unassigned sign is printable.
        return text
    text = _CONTROLS.sub(" ", _BREAKS.sub("\n", text))
    return unicodedata.normalize("NFC", _NO_TEXT.sub(UNREADABLE, _UNSEEN.sub("", text)))


def clean_line(text: str) -> str:
    """The same on one line, with single blanks and none at the ends."""
    return " ".join(clean(text).split())


def has_controls(text: str) -> bool:
    """Whether the text holds a control character other than a tab or the end of a line."""
    return _CONTROLS.search(text) is not None or any(sign in text for sign in "\x0b\x0c\x1c\x1d\x1e\x85")


def encodable(text: str) -> str:
    """The text as UTF-8 can hold it; half a surrogate pair becomes U+FFFD."""
    return _HALVES.sub(UNREADABLE, text)


def xlsx_text(text: str) -> str:
    """The text as a cell of XLSX can hold it: what XML forbids becomes U+FFFD, and nothing reads like an escape (`_x000D_`)."""
    return _LIKE_ESCAPE.sub("_x005F_", _NO_XML.sub(UNREADABLE, text))


def from_xlsx_text(text: str) -> str:
    """The text behind the escapes `_xHHHH_` of a cell (ECMA-376 part 1, 22.9.2.19)."""
    if "_x" not in text:
        return text
    found = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    # Two escapes may be the halves of one character.
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
