"""Asks for a new secret at the terminal: hidden, twice, until both are the same."""

import typer

from dopusk.words import say


def new_secret(question: str) -> str:
    """What was typed twice. The questions go to standard error. Raises `typer.Abort` where nobody answers."""
    while True:
        first = str(typer.prompt(question, hide_input=True, err=True))
        if first == str(typer.prompt(say("Once more"), hide_input=True, err=True)):
            return first
        typer.echo(say("the two are not the same; once again"), err=True)
