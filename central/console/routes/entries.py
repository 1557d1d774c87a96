"""One entry of a register: shown with its history, entered, changed, put away and taken back. The same for every register.

GET /registers/{kind}/new and /registers/{kind}/{entry_id}; POST to the same addresses with the fields of the form
(`central.registers`), `seen` (how many changes the entry had when the page was made), `of_org` (the organisation of a new
entry, where an account has several), `then` (next: an empty form follows a new entry), `another`
(1: somebody alike is another person), `csrf`; of a new medic also `passphrase`,
`passphrase_again` or `token_label` and the file `certificate`. POST /registers/{kind}/{entry_id}/archive `action` (archive |
restore), `csrf`; POST /registers/medics/{entry_id}/key the fields of the key. 303 to the entry; 422 with the page and a
fault at each field; 409 when somebody else has changed the entry meanwhile, nothing is stored then.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData, UploadFile

from central.authority.pki import Authority
from central.console.access_log import note
from central.console.context import Console, Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of
from central.core.days import day_of
from central.core.input_fault import InputFault
from central.core.rights import Right
from central.deciding.medics import register_faults, register_warnings
from central.registers.carrier_keys import may_be_on, named_on, to_revoke
from central.registers.coded import coded_options, save_coded
from central.registers.form import Faults, typed_of
from central.registers.forms import FORMS
from central.registers.instruments import proposed
from central.registers.keeping import FormInput, KeyDraft, RegisterChange, RegisterForm
from central.registers.medics import MAX_CERTIFICATE_BYTES, MedicForm, with_key
from central.store import accounts, key_offers, register_changes, registry
from central.store.certificates import Certificate
from central.store.engine import hold_registers, reading, writing
from central.store.register_changes import Author

router = APIRouter()
Form = Annotated[FormData, Depends(form_of)]
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))]


def _add_routes(form: RegisterForm) -> None:
    """The routes of one register, each behind the right that it names."""
    changer = Guard(form.right)

    def show_new(request: Request, visitor: Annotated[Visitor, Depends(changer)]) -> Response:
        """An empty form; a query may fill it in."""
        kept = _restored(request, visitor)
        typed = proposed(request.query_params) if form.kind == "devices" else {}
        if form.kind == "workers":
            typed = {"employer_id": request.query_params.get("employer_id", "")}
        return entry_page(request, visitor, form, None, typed=kept or typed, restored=kept is not None)

    def add(request: Request, visitor: Annotated[Visitor, Depends(changer)], sent: Form) -> Response:
        """A new entry."""
        return _save(request, visitor, form, None, sent)

    def show(request: Request, entry_id: str, visitor: Reader) -> Response:
        """The entry with its history; a form for those who may change it."""
        kept = _restored(request, visitor)
        return entry_page(request, visitor, form, entry_id, typed=kept, restored=kept is not None)

    def change(request: Request, entry_id: str, visitor: Annotated[Visitor, Depends(changer)], sent: Form) -> Response:
        """Change the entry."""
        return _save(request, visitor, form, entry_id, sent)

    def archive(request: Request, entry_id: str, visitor: Annotated[Visitor, Depends(changer)], sent: Form) -> Response:
        """Put it away, or take it back."""
        return _archive(request, visitor, form, entry_id, str(sent.get("action", "")))

    base = f"/registers/{form.kind}"
    router.add_api_route(f"{base}/new", show_new, methods=["GET"])
    router.add_api_route(f"{base}/new", add, methods=["POST"])
    router.add_api_route(f"{base}/{{entry_id}}", show, methods=["GET"])
    router.add_api_route(f"{base}/{{entry_id}}", change, methods=["POST"])
    if form.archivable:
        router.add_api_route(f"{base}/{{entry_id}}/archive", archive, methods=["POST"])


for _form in FORMS.values():
    _add_routes(_form)


@router.post("/registers/medics/{entry_id}/key")
def renew_key(
    request: Request, entry_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_MEDICS))], sent: Form
) -> Response:
    """Another key and certificate for a medic."""
    console, form = console_of(request), MedicForm()
    with reading(console.engine) as connection:
        row = _own(connection, visitor, form, entry_id)
    draft = _with_key(console, _key(sent), row["org"], row["full_name"], entry_id)
    with writing(console.engine) as connection:
        org = _own(connection, visitor, form, entry_id)["org"]
        faults = form.renew_key(_change(connection, console, visitor, org), entry_id, draft)
        if not faults:
            note(connection, console, visitor, _action(form, "key"), entry_id, org=org)
    if faults:
        return entry_page(request, visitor, form, entry_id, status=422, faults=faults)
    return RedirectResponse(f"/registers/medics/{entry_id}?saved=1", status_code=303)


def is_form(path: str) -> bool:
    """Whether the form of an entry is sent to this address: what was typed there is given back after a login."""
    parts = path.split("/")
    return len(parts) == 4 and parts[1] == "registers" and parts[2] in FORMS and parts[3] not in {"import", "photo"}


def _restored(request: Request, visitor: Visitor) -> dict[str, str] | None:
    """What was typed on this page before the session ended; it is given back once."""
    engine = console_of(request).engine
    with reading(engine) as connection:
        draft = accounts.get_draft(connection, visitor.session.session_id)
    if draft is None or draft["path"] != request.url.path:
        return None
    with writing(engine) as connection:
        accounts.set_draft(connection, visitor.session.session_id, None)
    return {name: values[-1] for name, values in draft["fields"].items() if values}


def _save(request: Request, visitor: Visitor, form: RegisterForm, entry_id: str | None, sent: FormData) -> Response:
    console = console_of(request)
    typed = {field.name: _text(sent, field.name) for field in form.fields}
    draft = FormInput(typed, another=_text(sent, "another") == "1", key=_key(sent))
    # The first organisation of an installation is entered by whoever administers it: there is none yet to do it for.
    is_first = visitor.is_installation and form.kind == "organisations" and not visitor.account.orgs
    org = _text(sent, "of_org") or _only_org(visitor, form)
    if not org and entry_id is None and visitor.account.orgs:
        # Of several organisations one has to be said: an entry of the wrong one is another customer's.
        return entry_page(request, visitor, form, None, status=422, typed=typed, faults={"": InputFault("choose_org")})
    if form.kind == "medics" and entry_id is None and visitor.owns(org):
        draft = replace(draft, key=_with_key(console, draft.key, org, typed.get("full_name", "")))
    try:
        with writing(console.engine) as connection:
            if entry_id:
                org = _own(connection, visitor, form, entry_id)["org"]
            # Names of organisations are one another's twins wherever they are entered.
            hold_registers(connection, "" if form.kind == "organisations" else org)
            if entry_id:
                _own(connection, visitor, form, entry_id)
            elif not visitor.owns(org) and not is_first:
                raise HTTPException(404)
            if entry_id and _text(sent, "seen") != str(register_changes.count(connection, form.kind, entry_id)):
                saved: str | Faults = {"": InputFault("changed_meanwhile")}
            else:
                saved = save_coded(_change(connection, console, visitor, org), form, entry_id, draft)
            if isinstance(saved, str):
                note(connection, console, visitor, _action(form, "save" if entry_id else "add"), saved, org=org)
                if form.kind == "organisations" and entry_id is None and not visitor.is_installation:
                    accounts.add_org(connection, visitor.account.account_id, saved)
    except ValueError:
        # The wire would not take the roster with this entry: the transaction is rolled back, nothing of it is kept.
        saved = {"": InputFault("roster_too_large")}
    if not isinstance(saved, str):
        status = 409 if saved.get("") == InputFault("changed_meanwhile") else 422
        return entry_page(request, visitor, form, entry_id, status=status, typed=typed, faults=saved, org=org)
    console.wake()
    if entry_id is None and _text(sent, "then") == "next":
        # Whoever enters many enters them of one employer; nothing else is said of the next.
        kept = {name: typed[name] for name in ("employer_id",) if typed.get(name)}
        query = urlencode({"added": saved} | kept)
        return RedirectResponse(f"/registers/{form.kind}/new?{query}", status_code=303)
    return RedirectResponse(f"/registers/{form.kind}/{saved}?saved=1", status_code=303)


def _archive(request: Request, visitor: Visitor, form: RegisterForm, entry_id: str, action: str) -> Response:
    console = console_of(request)
    if action not in {"archive", "restore"}:
        raise HTTPException(404)
    with writing(console.engine) as connection:
        hold_registers(connection, _own(connection, visitor, form, entry_id)["org"])
        row = _own(connection, visitor, form, entry_id)
        fault = None
        if row["archived"] != (action == "archive"):
            change = _change(connection, console, visitor, row["org"])
            fault = form.archive(change, entry_id, archived=action == "archive")
            if fault is None:
                note(connection, console, visitor, _action(form, action), entry_id, org=row["org"])
    if fault is not None:
        return entry_page(request, visitor, form, entry_id, status=422, faults={"": fault})
    console.wake()
    return RedirectResponse(f"/registers/{form.kind}/{entry_id}?saved=1", status_code=303)


_SINGULAR = {
    "workers": "worker",
    "employers": "employer",
    "medics": "medic",
    "devices": "instrument",
    "rooms": "medical_room",
    "carriers": "carrier",
    "organisations": "organisation",
}
"""What the access log calls an entry of a register."""


def entry_page(
    request: Request,
    visitor: Visitor,
    form: RegisterForm,
    entry_id: str | None,
    *,
    status: int = 200,
    typed: Mapping[str, str] | None = None,
    faults: Faults | None = None,
    org: str = "",
    restored: bool = False,
) -> Response:
    """The page of an entry (None: of a new one), with what was typed and what is wrong with it."""
    console = console_of(request)
    with reading(console.engine) as connection:
        row = dict(_own(connection, visitor, form, entry_id)) if entry_id else {}
        org = row.get("org", "") or org or _asked_org(request, visitor) or _only_org(visitor, form)
        organisation = registry.get_organisation(connection, org)
        signing: list[str] = []
        warnings: dict[str, int] = {}
        if form.kind == "medics" and row:
            days, at = console.frmr_valid_days, console.clock()
            signing = register_faults(row["entry"], organisation, at, frmr_valid_days=days)
            warnings = register_warnings(row["entry"], at, frmr_valid_days=days)
        organisations = [item for item in registry.list_organisations(connection) if visitor.owns(item["org"])]
        values: dict[str, Any] = {
            "options": form.options(connection, org),
            "coded": coded_options(connection, form, org, day_of(console.clock()), visitor.look.language),
            "added": None if entry_id else _added(connection, visitor, form, request.query_params.get("added", "")),
            "history": register_changes.of_entry(connection, form.kind, entry_id) if entry_id else [],
            "offer": key_offers.find(connection, entry_id) if form.kind == "medics" and entry_id else None,
            "lost_with": to_revoke(connection, row) if form.kind == "carriers" and row else [],
            "on_it": _on_it(connection, form, row),
            "seen": register_changes.count(connection, form.kind, entry_id) if entry_id else 0,
            "employer_names": {
                item["employer_id"]: item["name"]
                for archived in (False, True)
                for item in registry.list_employers(connection, org, archived=archived)
            },
        }
    if form.kind == "workers" and entry_id:
        # It says what keeps somebody from a remote exam, and when the toxicology study was.
        with writing(console.engine) as connection:
            note(connection, console, visitor, "worker.read", entry_id, org=org)
    return page(
        request,
        "entry.html",
        visitor,
        status,
        form=form,
        sections=list(dict.fromkeys(field.section for field in form.fields)),
        entry_id=entry_id,
        row=row,
        org=org,
        organisations=organisations,
        typed=typed if typed is not None else typed_of(form.fields, row),
        faults=faults or {},
        signing=signing,
        warnings=warnings,
        organisation=organisation,
        may_change=visitor.may(form.right),
        saved=request.query_params.get("saved") == "1",
        restored=restored,
        **values,
    )


def _on_it(connection: Connection, form: RegisterForm, row: Mapping[str, Any]) -> list[tuple[Certificate, bool]]:
    """Certificates that may be on a key carrier, and whether they are named there."""
    if form.kind != "carriers" or not row:
        return []
    named = named_on(connection, row["carrier_id"])
    return [(one, one in named) for one in may_be_on(connection, row)]


def _own(connection: Connection, visitor: Visitor, form: RegisterForm, entry_id: str) -> Mapping[str, Any]:
    """The entry, when it is of the visitor's organisations; 404 otherwise, so that ids of others cannot be probed."""
    return own_or_404(visitor, form.read(connection, entry_id))


def _added(connection: Connection, visitor: Visitor, form: RegisterForm, entry_id: str) -> dict[str, str] | None:
    """The entry that was saved just before, for a form that follows it."""
    row = form.read(connection, entry_id) if entry_id else None
    if row is None or not visitor.owns(row["org"]):
        return None
    return {"entry_id": entry_id, "name": str(row["name_shown"])}


def _only_org(visitor: Visitor, form: RegisterForm) -> str:
    """Where a new entry goes when nobody chooses: to the only organisation; empty where there are several, or none yet.

    Organisations themselves are entered in none of them.
    """
    if not visitor.account.orgs and not visitor.is_installation:
        raise HTTPException(404)
    if form.kind == "organisations":
        return next(iter(visitor.account.orgs), "")
    return visitor.org_of("") or ""


def _asked_org(request: Request, visitor: Visitor) -> str:
    chosen = request.query_params.get("of_org", "")
    return chosen if chosen and visitor.owns(chosen) else ""


def _change(connection: Connection, console: Console, visitor: Visitor, org: str) -> RegisterChange:
    author = Author(visitor.account.account_id, console.clock())
    return RegisterChange(connection, console.registry, org, author)


def _key(sent: FormData) -> KeyDraft:
    upload = sent.get("certificate")
    pem = upload.file.read(MAX_CERTIFICATE_BYTES) if isinstance(upload, UploadFile) else b""
    return KeyDraft(
        str(sent.get("passphrase", "")), str(sent.get("passphrase_again", "")), _text(sent, "token_label"), pem
    )


def _with_key(console: Console, draft: KeyDraft, org: str, full_name: str, medic_id: str | None = None) -> KeyDraft:
    with reading(console.engine) as connection:
        organisation = registry.get_organisation(connection, org)
    name = str(organisation["name"]) if organisation else org
    return with_key(Authority(console.config.keys.authority_dir), draft, full_name, name, medic_id)


def _text(sent: FormData, name: str) -> str:
    value = sent.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _action(form: RegisterForm, done: str) -> str:
    """What the access log calls a change of this register, such as `worker.save`."""
    return f"{_SINGULAR[form.kind]}.{done}"
