"""Options with a fixed list of words: the message for any other word."""

from collections.abc import Iterable
from difflib import get_close_matches

import typer

from dopusk.words import say


def one_of(asked: str, known: Iterable[str], option: str) -> str:
    """`asked`, where it is known. Raises `typer.BadParameter`, which names the likeliest and all that there are."""
    names = list(known)
    if asked in names:
        return asked
    close = get_close_matches(asked, names, n=1, cutoff=0.5)
    listed = ", ".join(names)
    if close:
        text = say(
            "there is no {asked!r}; did you mean {close}? There are: {listed}",
            asked=asked,
            close=close[0],
            listed=listed,
        )
    else:
        text = say("there is no {asked!r}; there are: {listed}", asked=asked, listed=listed)
    raise typer.BadParameter(text, param_hint=option)
