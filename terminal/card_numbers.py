"""The number of a card as its reader meant it, whatever layout and capitals the keyboard had. Pure.

A reader that types like a keyboard presses positions of keys: under a Russian layout it gives Cyrillic letters, and capitals
depend on Caps Lock. The centre's check for twins folds by the same rule.
"""

import unicodedata

_RUSSIAN, _LATIN = "йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_TO_LATIN = str.maketrans(_RUSSIAN + _RUSSIAN.upper(), _LATIN + _LATIN.upper())
_TO_RUSSIAN = str.maketrans(
    {latin: russian for russian, latin in zip(_RUSSIAN, _LATIN, strict=True) if latin.isalpha()}
)


def fold_card(card: str) -> str:
    """One spelling for all that a reader may give for one card: Latin positions, small letters, no blanks."""
    return "".join(unicodedata.normalize("NFKC", card).casefold().translate(_TO_LATIN).split())


def spellings(card: str) -> tuple[str, ...]:
    """How the number may stand in the register, as it was given first: in capitals or not, in Latin or Cyrillic letters."""
    given = "".join(unicodedata.normalize("NFKC", card).split())
    folded = fold_card(card)
    russian = folded.translate(_TO_RUSSIAN)
    found = (card.strip(), given, given.translate(_TO_LATIN), folded.upper(), folded, russian.upper(), russian)
    return tuple(dict.fromkeys(found))
