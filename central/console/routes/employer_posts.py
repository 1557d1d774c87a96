"""The staffing table of an employer: posts with their places, harm factors and special assessment, by form or file.

GET /employer/posts takes `employer` (one of the account's), `state` (free | over | sout) and `page`. POST /employer/posts: the
fields of `central.registers.post_rules.FIELDS`, `employer` (needed from an account of several), `csrf`. GET /employer/posts/form:
the posts as a file that can be taken back. POST /employer/posts/file takes `file`, `action` (check | apply | errors), `csrf`: the
file is taken whole or not at all. GET and POST /employer/posts/{post_id}: one post with its history, `seen` (the version that was
changed). POST /employer/posts/{post_id}/close `seen`. 303 to the list; 404 for somebody else's post; 409 when somebody has changed
it meanwhile; 422 with a fault at each field or row.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData, UploadFile

from central.books.codes import CODED_FIELDS, Codes
from central.console.access_log import note, note_alone, note_seldom
from central.console.bounds import PAGE_BYTES
from central.console.context import Visitor, console_of, page
from central.console.employer_scope import EmployerScope, scope_of
from central.console.guard import Guard, form_of
from central.console.paging import page_number, paging_of
from central.core.days import day_of
from central.core.input_fault import InputFault
from central.core.rights import Right
from central.imports.posts import COLUMNS, CheckedPosts, check_rows, table_of
from central.imports.tables import MAX_FILE_BYTES, UnreadableTable, read_table
from central.registers.post_rules import FIELDS, SOUT_CLASSES, SOUT_WARNED, post_of
from central.store import accounts, posts, registry
from central.store.engine import hold_registers, reading, writing
from central.store.posts import Post
from central.words.no_force import band, file_name

router = APIRouter()
Hr = Annotated[Visitor, Depends(Guard(Right.KEEP_WORKFORCE))]
Sender = Annotated[Visitor, Depends(Guard(Right.KEEP_WORKFORCE, most_bytes=MAX_FILE_BYTES + PAGE_BYTES))]
Form = Annotated[FormData, Depends(form_of)]
PAGE = "/employer/posts"
STATES = ("free", "over", "sout")
ON_A_PAGE = 100
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/employer/posts")
def show_posts(request: Request, visitor: Hr) -> Response:
    """The posts, and the forms for a new one and for a file."""
    return _list(request, visitor)


@router.get("/employer/posts/form")
def table_of_posts(request: Request, visitor: Hr) -> Response:
    """The posts as a file that can be taken back; with none, the headings and one example."""
    console = console_of(request)
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        found = posts.held(connection, scope.ids)
    note_alone(console, visitor, "posts.export", detail={"rows": len(found)})
    headers = {"Content-Disposition": f'attachment; filename="{file_name(console.config.generation, "posts.xlsx")}"'}
    rows = sorted(found.values(), key=lambda one: (one.department, one.title, one.number))
    over = band(console.config.generation, visitor.look.language)
    content = table_of(rows, {one: scope.names[one] for one in scope.ids}, over)
    return Response(content, media_type=_XLSX, headers=headers)


@router.post("/employer/posts")
def add_post(request: Request, visitor: Hr, form: Form) -> Response:
    """Enter a post."""
    typed = _typed(form)
    console, now = console_of(request), console_of(request).clock()
    with writing(console.engine) as connection:
        scope = scope_of(connection, request, visitor, "")
        chosen = str(form.get("employer", ""))
        employer_id = scope.of(chosen) if chosen else scope.only
        found: Post | dict[str, InputFault]
        if employer_id:
            org = _orgs(connection, scope)[employer_id]
            hold_registers(connection, org)
            found = _checked(connection, request, typed, org, employer_id, None)
            if isinstance(found, Post) and (employer_id, found.number) in posts.held(connection, [employer_id]):
                found = {"number": InputFault("number_in_table")}
        else:
            found = {"employer": InputFault("choose")}
        if isinstance(found, Post):
            posts.put(connection, [found], now, visitor.account.account_id)
            note(connection, console, visitor, "post.add", found.post_id, org=found.org)
    if not isinstance(found, Post):
        return _list(request, visitor, 422, typed=typed | {"employer": chosen}, faults=found)
    return RedirectResponse(f"{PAGE}?saved=1", status_code=303)


@router.post("/employer/posts/file")
def take_file(request: Request, visitor: Sender, form: Form) -> Response:
    """Check a file, or check and store it: all of it or nothing."""
    console, action, upload = console_of(request), str(form.get("action", "check")), form.get("file")
    content = upload.file.read(MAX_FILE_BYTES + 1) if isinstance(upload, UploadFile) else b""
    now = console.clock()
    try:
        if len(content) > MAX_FILE_BYTES:
            raise UnreadableTable("too_large")
        rows = read_table(content, COLUMNS.needed, columns=COLUMNS)
    except UnreadableTable as error:
        return _list(request, visitor, 422, unreadable=error)
    stores = action == "apply"
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor, "")
        orgs = _orgs(connection, scope)
        named = {one: (orgs[one], name) for one, name in scope.names.items()}
        seen = posts.newest_version(connection, named)
        checked = check_rows(connection, rows, named, day_of(now))
    if stores and not checked.faults:
        with writing(console.engine) as connection:
            for org in sorted(set(orgs.values())):
                hold_registers(connection, org)
            # A long file is checked while others write; again only where somebody has changed a post meanwhile.
            if posts.newest_version(connection, named) != seen:
                checked = check_rows(connection, rows, named, day_of(now))
            if not checked.faults:
                posts.put(connection, checked.items, now, visitor.account.account_id)
                note(connection, console, visitor, "posts.import", detail={"rows": len(checked.items)})
    if checked.faults and action == "errors":
        headers = {"Content-Disposition": 'attachment; filename="posts-errors.xlsx"'}
        return Response(checked.error_file(visitor.look.language), media_type=_XLSX, headers=headers)
    if stores and not checked.faults:
        console.wake()
    return _list(request, visitor, 422 if checked.faults else 200, checked=checked, done=stores and not checked.faults)


@router.get("/employer/posts/{post_id}")
def show_post(request: Request, post_id: str, visitor: Hr) -> Response:
    """One post with its history."""
    return _card(request, visitor, post_id)


@router.post("/employer/posts/{post_id}")
def change_post(request: Request, post_id: str, visitor: Hr, form: Form) -> Response:
    """Change one."""
    typed = {name: words for name, words in _typed(form).items() if name != "number"}
    return _write(request, visitor, post_id, form, typed)


@router.post("/employer/posts/{post_id}/close")
def close_post(request: Request, post_id: str, visitor: Hr, form: Form) -> Response:
    """Say that the post is there no more."""
    return _write(request, visitor, post_id, form, None)


def _write(
    request: Request, visitor: Visitor, post_id: str, form: FormData, typed: Mapping[str, str] | None
) -> Response:
    """Add a version; `typed` None closes the post."""
    console, now, seen = console_of(request), console_of(request).clock(), str(form.get("seen", ""))
    with writing(console.engine) as connection:
        scope = scope_of(connection, request, visitor, "")
        before = posts.newest(connection, tuple(scope.names), post_id)
        if before is None:
            raise HTTPException(404)
        hold_registers(connection, before.org)
        before = posts.newest(connection, tuple(scope.names), post_id) or before
        found: Post | dict[str, InputFault]
        if str(before.version) != seen or before.is_closed:
            found = {"": InputFault("changed_meanwhile")}
        elif typed is None:
            people = posts.people_on(connection, before.employer_id, before.number, day_of(now))
            found = replace(before, version=before.version + 1, is_closed=True)
            if people:
                found = {"": InputFault("post_has_people", str(people))}
        else:
            found = _checked(connection, request, typed, before.org, before.employer_id, before)
        if isinstance(found, Post) and found != before:
            posts.put(connection, [found], now, visitor.account.account_id)
            action = "post.close" if typed is None else "post.change"
            note(connection, console, visitor, action, post_id, org=found.org)
    if not isinstance(found, Post):
        status = 409 if found.get("") == InputFault("changed_meanwhile") else 422
        return _card(request, visitor, post_id, status, typed=typed, faults=found)
    console.wake()
    return RedirectResponse(f"{PAGE}?saved=1", status_code=303)


def _typed(form: FormData) -> dict[str, str]:
    return {name: " ".join(str(form.get(name, "")).split()) for name in FIELDS}


def _checked(
    connection: Connection,
    request: Request,
    typed: Mapping[str, str],
    org: str,
    employer_id: str,
    before: Post | None,
) -> Post | dict[str, InputFault]:
    """The version, or what is wrong by field: by the rules, and with the codes of the books."""
    found = post_of(dict(typed) | {"employer_id": employer_id}, org, (employer_id,), before)
    faults = {name: InputFault(code) for name, code in found.items()} if isinstance(found, dict) else {}
    codes = Codes(connection, org, day_of(console_of(request).clock()))
    held = {"position_code": [before.position_code or ""], "harm_factors": before.harm_factors} if before else {}
    for name in sorted(CODED_FIELDS.keys() & typed.keys()):
        fault = codes.fault(name, typed[name], held.get(name, ())) if typed[name] and name not in faults else None
        if fault is not None:
            faults[name] = fault
    return faults if faults or isinstance(found, dict) else found


def _orgs(connection: Connection, scope: EmployerScope) -> dict[str, str]:
    rows = {one: registry.get_employer(connection, one) for one in scope.names}
    return {one: str(row["org"]) for one, row in rows.items() if row is not None}


def _list(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, InputFault] | None = None,
    checked: CheckedPosts | None = None,
    done: bool = False,
    unreadable: UnreadableTable | None = None,
) -> Response:
    console, state = console_of(request), request.query_params.get("state", "")
    chosen, today = state if state in STATES else "", day_of(console_of(request).clock())
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        found = posts.table(scope.ids, today, today + SOUT_WARNED)
        offset = (page_number(request) - 1) * ON_A_PAGE
        rows, counts = posts.page(connection, found, chosen, limit=ON_A_PAGE, offset=offset)
    note_seldom(request, visitor, "posts.read")
    return page(
        request,
        "employer_posts.html",
        visitor,
        status,
        scope=scope,
        rows=rows,
        counts=counts,
        states=STATES,
        chosen=chosen,
        paging=paging_of(request, counts[chosen], ON_A_PAGE, PAGE),
        form_fields=FIELDS,
        classes=SOUT_CLASSES,
        typed=typed or {},
        faults=faults or {},
        checked=checked,
        done=done,
        unreadable=unreadable,
        said=request.query_params.get("saved") == "1",
    )


def _card(
    request: Request,
    visitor: Visitor,
    post_id: str,
    status: int = 200,
    *,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, InputFault] | None = None,
) -> Response:
    console = console_of(request)
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        history = posts.versions(connection, tuple(scope.names), post_id)
        if not history:
            raise HTTPException(404)
        item = posts.newest(connection, tuple(scope.names), post_id)
        who = {one.account_id: one.full_name for one in accounts.all_accounts(connection)}
    note_alone(console, visitor, "post.read", post_id, org=history[0].org)
    shown: dict[str, Any] = asdict(item) if item is not None else {}
    shown["harm_factors"] = ", ".join(shown["harm_factors"])
    return page(
        request,
        "employer_post.html",
        visitor,
        status,
        scope=scope,
        item=item,
        history=history,
        who=who,
        form_fields=FIELDS,
        classes=SOUT_CLASSES,
        typed={name: "" if value is None else value for name, value in (shown | dict(typed or {})).items()},
        faults=faults or {},
    )
