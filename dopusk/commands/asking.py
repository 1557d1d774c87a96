"""Asks for a new secret at the terminal: hidden, and twice."""

import typer

from dopusk.words import say


def typed_twice(question: str, again: str) -> str | None:
    """What was typed twice, or None where the two differ. The questions go to standard error.

    Raises `typer.Abort` where nobody answers.
    """
    first = str(typer.prompt(question, hide_input=True, err=True))
    return first if str(typer.prompt(again, hide_input=True, err=True)) == first else None


def new_secret(question: str) -> str:
    """As `typed_twice`, asked again until both are the same."""
    while (secret := typed_twice(question, say("Once more"))) is None:
        typer.echo(say("the two are not the same; once again"), err=True)
    return secret
