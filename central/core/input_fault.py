"""What is wrong with something that a person typed, chose or sent in a file: one form for forms, files and interfaces. Pure.

What is typed may name a person: it is shown to who typed it, and stands in no log.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class InputFault:
    """A fault of one entry. `code` is a word of the catalogues (`fault_code`, `import_fault`)."""

    code: str
    other: str = field(default="", repr=False)
    """What it collides with, as that is called; of a file also the number of another row."""
    entry_id: str = ""
    """The entry that it collides with, for a link."""
    typed: str = field(default="", repr=False)
    """What was typed."""
    near: tuple[str, ...] = field(default=(), repr=False)
    """What there is that comes nearest, or all that would be taken."""
