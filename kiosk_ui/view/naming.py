"""Shortens names and sentences that people have written to what a screen can show."""

import re

MOST_OF_A_REASON = 480
"""Characters of a reason from the register that fit on the screen; the medic has the rest."""

MOST_OF_AN_EMPLOYER = 60
"""Characters of an employer's name that fit on a button."""


def short_name(full_name: str) -> str:
    """First name, patronymic and the first letter of the surname: whoever is meant knows himself, others learn little.

    The surname stands first in the register. A name of one word is shown as it is.
    """
    surname, *others = full_name.split() or [""]
    return " ".join([*others, f"{surname[0]}."]) if others else surname


def shortened(text: str, most: int = MOST_OF_A_REASON) -> str:
    """At most so many characters, cut between two words and with a sign that there is more."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(None, 1)[0].rstrip(" ,;.:") + " …"


def employer_label(name: str, most: int = MOST_OF_AN_EMPLOYER) -> str:
    """An employer's name for a button: of a long one what stands in quotes, for the legal form tells nobody apart."""
    quoted = re.search(r"[«\"“](.+)[»\"”]", name)
    if len(name) > most and quoted is not None:
        name = quoted.group(0)
    return shortened(name, most).replace("№ ", "№\u00a0")


def number_as_typed(number: str) -> str:
    """What was typed, to be compared with the pass; of a SNILS the last three digits only."""
    digits = re.sub(r"\D", "", number)
    return f"… {digits[-3:]}" if len(digits) > 10 else number
