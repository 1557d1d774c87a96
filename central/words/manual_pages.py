"""The Russian manuals of `docs/ru` as pages: Markdown in, HTML out. They and their pictures travel with the package."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from central.core.rights import Role

REGULATION = "регламент-учётных-записей"
"""How accounts, certificates and carriers live; the terms in it are those of the running centre."""
OF_ROLE: dict[Role, tuple[str, ...]] = {
    Role.MEDIC: ("medic", "clinic", "conclusions", "worker", "dispatcher"),
    Role.SENIOR_MEDIC: ("senior_medic", "clinic", "conclusions", REGULATION, "medic", "worker", "dispatcher"),
    Role.EMPLOYER: ("dispatcher", "worker"),
    Role.EMPLOYER_HR: ("hr", "dispatcher", "worker"),
    Role.ADMINISTRATOR: (
        "administrator",
        REGULATION,
        "installer",
        "service_engineer",
        "senior_medic",
        "medic",
        "dispatcher",
        "worker",
    ),
    Role.AUDITOR: ("medic", REGULATION, "senior_medic", "dispatcher", "worker"),
    Role.INSPECTOR: ("inspector",),
    Role.WORKER: ("worker_pages", "worker"),
    Role.SERVICE: ("service_engineer", "installer", "worker"),
}
"""Manuals of each role: its own first, then those that it may need."""
_PLACE = re.compile(r"\{([a-z_]+\.[a-z_]+)\}")
MANUALS = tuple(sorted({name for names in OF_ROLE.values() for name in names}))


@dataclass(frozen=True, slots=True)
class Manual:
    """A manual as it stands in a page; all of its words are ours, so that its HTML needs no cleaning."""

    name: str
    html: Markup
    pictures: frozenset[str]
    """Names of the files that it shows."""


@cache
def manual(name: str) -> Manual:
    """The manual of this name. Raises `KeyError` where there is none."""
    if name not in MANUALS:
        raise KeyError(name)
    source = _folder("manuals").joinpath(f"{name}.md").read_text(encoding="utf-8")
    # Keys stand as <kbd> in the text: HTML is let through, the files are part of the program.
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = markdown.parse(source)
    pictures: set[str] = set()
    for token in tokens:
        token.children = _inline(token.children, pictures) if token.children else token.children
    html: str = markdown.renderer.render(tokens, markdown.options, {})
    return Manual(name, Markup(html), frozenset(pictures))  # noqa: S704 the files are part of the program


def with_terms(shown: Manual, terms: Mapping[str, str]) -> Manual:
    """The manual with its places filled in: `{accounts.keep_days}` by the term of that name. Raises `KeyError` for one unknown."""
    filled = _PLACE.sub(lambda found: str(escape(terms[found[1]])), shown.html)
    return replace(shown, html=Markup(filled))  # noqa: S704 the file is ours, the terms are escaped


def picture_file(name: str) -> Path:
    """The file of a picture that a manual shows. Raises `KeyError` for any other name."""
    if not any(name in manual(one).pictures for one in MANUALS):
        raise KeyError(name)
    return Path(str(_folder("images").joinpath(name)))


def _inline(tokens: list[Token], pictures: set[str]) -> list[Token]:
    """Pictures and links to other manuals lead into the console; a link into the sources stays as its words."""
    kept: list[Token] = []
    open_links: list[bool] = []
    for token in tokens:
        if token.type == "image":
            picture = str(token.attrs["src"]).rpartition("/")[2]
            pictures.add(picture)
            token.attrs["src"] = f"/help/images/{picture}"
        elif token.type == "link_open":
            target = str(token.attrs["href"]).removesuffix(".md")
            open_links.append(target in MANUALS)
            token.attrs["href"] = f"/help/{target}"
        if token.type not in ("link_open", "link_close") or open_links[-1]:
            kept.append(token)
        if token.type == "link_close":
            open_links.pop()
    return kept


def _folder(name: str) -> Traversable:
    return resources.files("central.words").joinpath(name)
