"""The guard of every route: checks the session, the right, and that a changing request comes from our own page.

Each route carries exactly one `Guard`; `central.console.app` refuses to start with a route that has none.
"""

import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from central.access.accounts import is_alive, needs_touch, session_id_of
from central.console.bounds import PAGE_BYTES, allow, most_of
from central.console.context import Console, Visitor, address_of, console_of, look_of
from central.core.days import day_of
from central.core.rights import Right, Role
from central.core.text_cleaning import clean
from central.store import accounts as store
from central.store import registry
from central.store.engine import reading, writing

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_FIELDS = 200
MAX_FIELD_CHARS = 8000
SECRET_FIELDS = frozenset(
    {
        "csrf",
        "password",
        "new_password",
        "again",
        "passphrase",
        "passphrase_again",
        "code",
        "secret",
        "snils",
        "person",
        "q",
    }
)
"""Fields whose values are never kept for a form to be shown again: secrets, and where a SNILS may be typed."""

EXACT_FIELDS = SECRET_FIELDS - {"snils", "person", "q"} | {"draft"}
"""Fields that are taken sign by sign."""


class NotLoggedIn(Exception):
    """Nobody is logged in, or the session has ended. `typed` is what would have been lost; None where nothing was."""

    def __init__(self, path: str, typed: dict[str, list[str]] | None) -> None:
        super().__init__(path)
        self.path = path
        self.typed = typed


class PasswordFirst(Exception):
    """The password is temporary: nothing opens before it is changed."""


class FactorFirst(Exception):
    """The role must have a second factor: nothing opens before it is set up."""


class Forbidden(Exception):
    """The account's role does not have the right."""

    def __init__(self, visitor: Visitor, right: Right) -> None:
        super().__init__(f"{visitor.account.role} lacks {right}")
        self.visitor = visitor
        self.right = right


class UnreadableInput(Exception):
    """A zero character in an address or a field: no store of ours keeps one, and nobody types one."""


class ForgedForm(Exception):
    """A changing request without the token of this session: another site, or a page from before the last login."""

    def __init__(self, visitor: Visitor | None, path: str, typed: dict[str, list[str]]) -> None:
        super().__init__(path)
        self.visitor = visitor
        self.path = path
        self.typed = typed


async def _read_form(request: Request) -> FormData:
    form = await request.form(max_fields=MAX_FIELDS, max_files=1, max_part_size=most_of(request))
    if any("\x00" in name or (isinstance(value, str) and "\x00" in value) for name, value in form.multi_items()):
        raise UnreadableInput
    return FormData([(name, _as_text(name, value)) for name, value in form.multi_items()])


def _as_text(name: str, value: UploadFile | str) -> UploadFile | str:
    """What was typed without signs that nobody sees; secrets and files are taken sign by sign."""
    return value if isinstance(value, UploadFile) or name in EXACT_FIELDS else clean(value)


def _check_address(request: Request) -> None:
    values = (request.url.path, *request.path_params.values(), *request.query_params.values())
    if any("\x00" in str(value) for value in values):
        raise UnreadableInput


async def form_of(request: Request) -> AsyncIterator[FormData]:
    """The form, bounded in size; its files are closed afterwards. Dependency of every route that takes one."""
    form = await _read_form(request)
    try:
        yield form
    finally:
        await form.close()


def typed_fields(form: FormData) -> dict[str, list[str]]:
    """Text fields of a form as plain lists, without secrets and files, to be given back after a login."""
    fields: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if name in SECRET_FIELDS or isinstance(value, UploadFile):
            continue
        fields.setdefault(name, []).append(value[:MAX_FIELD_CHARS])
    return fields


class Guard:
    """Dependency: lets through who has `right`, and hands the route its `Visitor`.

    `by_itself`: open pages ask this route without anybody at the desk, which keeps no session alive. `most_bytes`: of a
    request, its form and file together; anybody who is not let in may send far less (`bounds`).
    """

    def __init__(self, right: Right, *, by_itself: bool = False, most_bytes: int = PAGE_BYTES) -> None:
        self.right = right
        self._by_itself = by_itself
        self._most_bytes = most_bytes

    async def __call__(self, request: Request) -> AsyncIterator[Visitor]:
        _check_address(request)
        console = console_of(request)
        token = request.cookies.get(console.session_cookie, "")
        find = partial(find_visitor, console, request, token, by_itself=self._by_itself)
        visitor = await run_in_threadpool(find) if token else None
        changing = request.method not in SAFE_METHODS
        if visitor is not None:
            self._check_rights(visitor)
            allow(request, self._most_bytes)
        form = await _read_form(request) if changing else FormData()
        try:
            yield self._let_in(request, visitor, form, changing)
        finally:
            await form.close()

    def _check_rights(self, visitor: Visitor) -> None:
        if not visitor.may(self.right):
            raise Forbidden(visitor, self.right)

    def _let_in(self, request: Request, visitor: Visitor | None, form: FormData, changing: bool) -> Visitor:
        # Nothing of what another site sends is kept: it would come back as what the visitor has typed.
        foreign = changing and is_foreign(request)
        typed = {} if foreign else typed_fields(form)
        if visitor is None:
            raise NotLoggedIn(request.url.path, typed if changing and not foreign else None)
        if foreign or (changing and not same_token(form.get("csrf"), visitor.session.csrf_token)):
            raise ForgedForm(visitor, request.url.path, typed)
        if visitor.account.must_change_password and self.right is not Right.OWN_ACCOUNT:
            raise PasswordFirst
        if self.right is not Right.OWN_ACCOUNT and console_of(request).factor_policy.blocks(visitor.account):
            raise FactorFirst
        request.state.visitor = visitor
        return visitor


def is_foreign(request: Request) -> bool:
    """Whether a page of another site has sent this request, as the browser says (Fetch Metadata, RFC 6454).

    Programs and old browsers say nothing; for them the tokens in our forms have to do.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None:
        return False
    try:
        sender = urlsplit(origin)
        name = sender.hostname or ""
    except ValueError:
        return True
    config = console_of(request).config.http
    known = {request.headers.get("host", "").lower(), urlsplit(config.public_url).netloc.lower()}
    return sender.netloc.lower() not in known and name not in {one.lower() for one in config.host_names}


class Public:
    """Marks a route that is open to everybody on purpose."""

    async def __call__(self, request: Request) -> None:
        _check_address(request)


def same_token(given: Any, expected: str) -> bool:
    """Compare form tokens in constant time."""
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8"), expected.encode("utf-8"))


def find_visitor(console: Console, request: Request, token: str, *, by_itself: bool = False) -> Visitor | None:
    """The live session of a cookie and its account, or None.

    `by_itself`: the page asks and nobody need be at the desk; that keeps no session alive.
    """
    now = console.clock()
    session_id = session_id_of(token)
    with reading(console.engine) as connection:
        session = store.find_session(connection, session_id)
        account = store.by_id(connection, session.account_id) if session else None
        is_installation = account is not None and account.role == Role.ADMINISTRATOR and not account.orgs
        if account is not None and is_installation:
            account = replace(account, orgs=tuple(row["org"] for row in registry.list_organisations(connection)))
    if (
        session is None
        or account is None
        or account.disabled
        or account.has_ended(day_of(now))
        or not is_alive(session, now)
    ):
        console.vault.close(session_id)
        return None
    if not by_itself and needs_touch(session, now):
        with writing(console.engine) as connection:
            store.touch_session(connection, session_id, now)
    return Visitor(account, session, look_of(request), address_of(request), is_installation)
