"""Jinja2 with the console's own words: texts by key, numbers and times in the reader's form."""

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from central.console.table_orders import table_order
from central.contracts import money
from central.core.rights import Right, may
from central.words import wording
from central.words.texts import text, text_or

MENU: tuple[tuple[Right, str, str], ...] = (
    (Right.SEE_OWN_RECORD, "/me", "me"),
    (Right.SEE_QUEUE, "/queue", "queue"),
    (Right.EXAMINE, "/room", "room"),
    (Right.SEE_JOURNAL, "/journal", "journal"),
    (Right.KEEP_CONCLUSIONS, "/conclusions", "conclusions"),
    (Right.INSPECT, "/inspection", "inspection"),
    (Right.SEE_LIMITS, "/limits", "limits"),
    (Right.SEE_REGISTERS, "/registers", "registers"),
    (Right.SEE_ADMISSIONS, "/admissions", "admissions"),
    (Right.KEEP_CONTRACTS, "/contracts", "clinic"),
    (Right.CHANGE_ACCOUNTS, "/accounts", "accounts"),
    (Right.SEE_FLEET, "/fleet", "fleet"),
    (Right.SEE_AUDIT, "/audit", "audit"),
    (Right.SEE_WAYBILLS, "/waybills", "waybills"),
    (Right.SEE_GATES, "/gates", "gates"),
    (Right.SEE_EXCHANGE, "/exchange", "exchange"),
    (Right.SEE_BOOKS, "/books", "books"),
)
"""Right, path and text key of each entry of the menu."""

EMPLOYER_PAGES: tuple[tuple[str, str, Right], ...] = (
    ("/admissions", "admissions", Right.SEE_ADMISSIONS),
    ("/employer/shifts", "shifts", Right.SEE_ADMISSIONS),
    ("/employer/journal", "journal", Right.SEE_ADMISSIONS),
    ("/employer/held", "held", Right.SEE_ADMISSIONS),
    ("/employer/workers", "workers", Right.KEEP_WORKFORCE),
    ("/employer/posts", "posts", Right.KEEP_WORKFORCE),
    ("/employer/due", "due", Right.KEEP_WORKFORCE),
    ("/employer/statements", "statements", Right.SEE_STATEMENTS),
)
"""Path, text key and right of each page of an employer."""


@cache
def make_templates() -> Jinja2Templates:
    """Templates with escaping everywhere; a misspelt name is an error and no empty place.

    One set for the process: they know nothing of a store, and to compile one takes longer than to draw its page a hundred times.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        t=_t,
        t_or=_t_or,
        words=_words,
        when=_when,
        when_exact=_when_exact,
        when_with_offset=_when_with_offset,
        when_on_paper=_when_on_paper,
        day=_day,
        roubles=_roubles,
        csrf=_csrf,
        menu=menu_of,
        employer_pages=EMPLOYER_PAGES,
        limit_text=_limit_text,
        options=_options,
        sorting=table_order,
    )
    return Jinja2Templates(env=environment)


@pass_context
def _t(context: Context, key: str, **values: Any) -> str:
    language = context["look"].language
    return text(language, key, **values) if values else _escaped(language, key)


@cache
def _escaped(language: str, key: str) -> Markup:
    """A text as it stands in a page. A page has hundreds; escaping them anew was a tenth of its time."""
    return escape(text(language, key))


@pass_context
def _t_or(context: Context, key: str, fallback: str) -> str:
    return text_or(context["look"].language, key, fallback)


@pass_context
def _words(context: Context, code: str, *groups: str) -> str:
    return wording.words_of(context["look"].language, code, *groups)


@pass_context
def _when(context: Context, at: datetime) -> str:
    return wording.moment(at, context["look"].zone)


@pass_context
def _when_exact(context: Context, at: datetime) -> str:
    return wording.moment_to_the_second(at, context["look"].zone)


@pass_context
def _when_with_offset(context: Context, at: datetime) -> str:
    return wording.moment_with_offset(at, context["look"].zone)


def _day(value: date | str | None) -> str:
    """A day as people write it; what came over the wire is an ISO text."""
    if isinstance(value, str):
        return ".".join(reversed(value.split("-"))) or "—"
    return value.strftime("%d.%m.%Y") if value else "—"


@pass_context
def _roubles(context: Context, kopecks: int) -> str:
    return money.roubles(kopecks, context["look"].language)


def menu_of(visitor: Any) -> list[tuple[Right, str, str]]:
    """The entries of the menu that this visitor may open."""
    return [entry for entry in MENU if may(visitor.account.role, entry[0])]


@pass_context
def _when_on_paper(context: Context, at: datetime, zone: tzinfo | None) -> str:
    """In the zone of the paper, so that page and paper say the same whoever looks, from wherever."""
    return wording.moment_with_offset(at, zone or context["look"].zone)


@pass_context
def _csrf(context: Context) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(context["visitor"].session.csrf_token)


def _options(rows: Iterable[Any], value: str, label: str, chosen: str) -> Markup:
    """The choices of a list, in one piece: a thousand terminals, one by one in a template, take longer than the page."""
    one, marked = Markup('<option value="{}">{}</option>'), Markup('<option value="{}" selected>{}</option>')
    return Markup("").join((marked if row[value] == chosen else one).format(row[value], row[label]) for row in rows)


@pass_context
def _limit_text(context: Context, limit: Any) -> str:
    language = context["look"].language
    fields = limit if isinstance(limit, dict) else {name: getattr(limit, name) for name in ("parameter", "low", "high")}
    return f"{wording.limit_range(fields, language)} {wording.unit(fields['parameter'], language)}".strip()
