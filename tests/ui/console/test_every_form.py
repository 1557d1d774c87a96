"""Every form of every page: a fault stands at its field, and nothing that cannot be taken back is done by one press."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from central.console.app import every_route
from central.console.routes.registers import KINDS
from tests.console_centre import Browser as Client
from tests.ui.console.stage import WHO, Seen, Stage

DANGEROUS = {
    "/accounts/{account_id}": "nobody can log in by that name, or somebody loses factor, password or sessions",
    "/accounts/keys/{key_id}/revoke": "a program gets no admissions any more; a key does not come back",
    "/accounts/channels/{channel_id}/remove": "alerts reach nobody there",
    "/account/sessions/end": "other desks are logged out",
    "/account/totp/remove": "the second factor is gone",
    "/me/consents/withdraw": "a consent ends",
    "/appeals/{appeal_id}": "an answer stays",
    "/persons/{person_id}/access/close": "a worker cannot log in any more",
    "/account/recovery": "the codes on paper are void",
    "/fleet/terminals/{terminal_id}/revoke": "a terminal is shut out",
    "/registers/medics/{entry_id}/key": "the old key is void",
    "/accounts/{account_id}/edit": "somebody may do other things than before, or is logged out",
    "/registers/medics/{entry_id}/offer": "the key of before signs no more",
    "/accounts/{account_id}/vouching": "the password of before opens nothing, and sessions end",
    "/registers/carriers/{carrier_id}/revoke": "medics sign nothing more with the keys on it",
    "/certificates/{certificate_id}/revoke": "a medic signs nothing more with that key",
    "/workers/{worker_id}/consents/withdraw": "a consent ends",
    "/workers/{worker_id}/photo": "a reference picture is replaced",
    "/exams/{exam_id}/decision": "a signed decision stays for ever",
    "/exams/{exam_id}/certificate": "a signed paper stays for ever",
    "/exams/{exam_id}/protocol": "a signed paper stays for ever",
    "/conclusions/check/{check_id}/close": "a check that is closed stays closed",
    "/conclusions/{paper_id}/copies": "a copy that was made stays counted",
    "/conclusions/copies/{copy_id}": "what is noted stays noted",
    "/papers/refusals/{paper_id}": "what is noted stays noted",
    "/exams/{exam_id}/waybill-title": "a signed title goes to the carrier's operator",
    "/conclusions/acts/{act_id}/sign": "what was signed stays; after the second signature files go",
    "/conclusions/inspections/{inspection_id}/end": "the access is gone",
    "/conclusions/holds/{hold_id}/release": "what it kept may go",
    "/contracts/{contract_id}/end": "exams after it have no price",
    "/duty/{duty_id}/end": "a duty ends, and nobody may be on duty",
    "/duty/{duty_id}/handover": "one's own duty ends now",
    "/statements": "an issued statement stays; what follows is a new version",
    "/employer/workers/{worker_id}/dismissal": "terminals take the worker no more; only the medical post takes it back",
    "/conclusions/acts/{act_id}/withdrawal": "its number is not used again",
    "/conclusions/requests/{request_id}/refusal": "an answered request stays answered",
    "/books/{book}/publish": "a published version stays for ever",
    "/books/{book}/withdraw": "terminals go back to the version before it",
}
"""What they do. Each takes a second step, or something has to be typed for it."""
UNDONE = {
    "/employer/workers/{worker_id}/transfer": "taken back by the medical post while the new entry has no exams",
    "/employer/shifts/{plan_id}/withdraw": "planned again",
    "/employer/changes/{change_id}/withdraw": "asked for again",
    "/employer/posts/{post_id}/close": "entered again; nobody is on it",
    "/registers/workers/{worker_id}/transfer": "taken back at the new entry while it has no exams",
    "/registers/workers/{worker_id}/transfer/undo": "transferred again",
    "/registers/persons/twins": "taken back at the same place, with a reason",
    "/registers/persons/twins/undo": "judged again",
    "/registers/workers/{entry_id}/archive": "taken back at the same place",
    "/registers/employers/{entry_id}/archive": "taken back at the same place",
    "/registers/medics/{entry_id}/archive": "taken back at the same place",
    "/registers/devices/{entry_id}/archive": "taken back at the same place",
    "/registers/rooms/{entry_id}/archive": "taken back at the same place",
    "/registers/carriers/{entry_id}/archive": "taken back at the same place",
    "/journal/columns": "a set is kept anew under the same name",
    "/journal/exports/{job_id}/cancel": "asked for again by one press",
    "/imports/exams/{job_id}/cancel": "rows that are stored stay, and the file is sent again",
    "/imports/workers/jobs/{job_id}/cancel": "nothing is stored, and the file is sent again",
    "/imports/grounds/jobs/{job_id}/cancel": "nothing is stored, and the file is sent again",
    "/imports/history/jobs/{job_id}/cancel": "nothing is stored, and the file is sent again",
    "/imports/files/{job_id}/cancel": "nothing is stored, and the file is sent again",
    "/fleet/terminals/{terminal_id}/code": "another code is made",
    "/fleet/terminals/{terminal_id}/employers": "bound anew at the same place",
    "/exams/{exam_id}/release": "claimed again by looking",
    "/signature/close": "opened again",
    "/books/{book}/draft": "what is in force stays; a draft is thrown away in a second step",
    "/exchange/{system}/staff": "asks for a list; taking it over is a second step, and each entry can be changed back",
    "/logout": "logged in again",
}
"""What is mended by one more press."""
ADDING = {
    "/employer/shifts", "/employer/shifts/file", "/employer/workers", "/employer/workers/new", "/employer/workers/{worker_id}",
    "/employer/posts", "/employer/posts/file", "/employer/posts/{post_id}",
    "/workforce/changes/{change_id}",
    "/conclusions/check", "/conclusions/check/{check_id}/found",
    "/login", "/session/alive", "/signature", "/preferences", "/exams/{exam_id}/claim", "/journal", "/journal/signed",
    "/journal/exports/{form}", "/journal/exports/{job_id}/again", "/imports/exams", "/imports/exams/{job_id}/import",
    "/imports/grounds", "/imports/history", "/imports/history/jobs/{job_id}/import", "/imports/history/withdrawal",
    "/imports/workers/jobs/{job_id}/import", "/imports/grounds/jobs/{job_id}/import",
    "/imports/files/{job_id}/import", "/imports/maps", "/imports/maps/back", "/registers/carriers/{carrier_id}/certificates",
    "/persons/{person_id}/access", "/me/join", "/me/requests", "/me/appeals", "/me/gate", "/check/gate",
    "/persons/{person_id}/contacts", "/exams/{exam_id}/papers", "/limits", "/registers/workers", "/registers/workers/import",
    "/grounds/{ground_id}/state", "/grounds/{ground_id}/documents", "/grounds/{ground_id}/documents/{document_id}/verdict",
    "/workers/{worker_id}/consents", "/consents/texts", "/admissions", "/admissions/alerts/{alert_id}/seen",
    "/admissions/book-check",
    "/account/password", "/account/totp", "/accounts/keys", "/accounts/channels", "/accounts/channels/{channel_id}/again",
    "/books/{book}/items", "/books/{book}/import", "/imports/medics", "/imports/organisations",
    "/login/outside", "/login/outside/code", "/signature/errand", "/signature/proof", "/exams/{exam_id}/signature",
    "/workers/{worker_id}/passport/sign", "/workers/{worker_id}/passport/signature",
    "/conclusions/acts", "/conclusions/acts/{act_id}/signature",
    "/conclusions/retention", "/conclusions/holds", "/conclusions/inspections",
    "/conclusions/requests", "/contracts", "/contracts/{contract_id}/prices",
    "/duty", "/duty/handovers/{handover_id}/accept",
    "/conclusions/requests/{request_id}/extension", "/conclusions/requests/{request_id}/closing",
    "/exchange/{system}/maps", "/exchange/{system}/fields",
    "/exchange/{system}/dictionary", "/exchange/{system}/repeat", "/exchange/{system}/test",
    "/room/find", "/room/begin", "/room/again", "/room/{draft_id}", "/room/{draft_id}/keep",
    "/accounts", "/fleet/terminals", "/fleet/refused/{message_id}/again",
    *(f"/registers/{kind}/new" for kind in KINDS), *(f"/registers/{kind}/{{entry_id}}" for kind in KINDS),
}  # fmt: skip
"""What adds, looks up, or changes an entry whose history stays."""
SECOND = {"unlock", "undelete"}
"""Actions of an account that give back at once what was taken."""
TYPED = {"text", "password", "date", "file", "checkbox", "search", "email", "number"}

UNTYPED = {"hidden", "file", "checkbox", "radio"}


@dataclass
class Form:
    """A form of a page."""

    action: str
    method: str
    is_second_step: bool
    fields: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    buttons: list[dict[str, str | None]] = field(default_factory=list)

    @property
    def is_typed(self) -> bool:
        """Whether somebody has to fill something in before it goes."""
        return any(
            tag == "textarea" or attributes.get("type") == "password" or "required" in attributes
            for tag, attributes in self.fields
            if tag != "select"
        )


class Forms(HTMLParser):
    """The forms of a page, and whether each stands in a second step (`details.sure`)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: list[bool] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "details":
            self._open.append("sure" in (found.get("class") or "").split())
        elif tag == "form":
            self.forms.append(Form(found.get("action") or "", found.get("method") or "get", any(self._open)))
        elif tag in {"input", "select", "textarea"} and self.forms:
            self.forms[-1].fields.append((tag, found))
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.append(found)

    def handle_endtag(self, tag: str) -> None:
        if tag == "details":
            self._open.pop()


@pytest.fixture(autouse=True)
def no_leftover_threads() -> None:
    """The centre is served for all tests of this package that walk it, its threads come and go with its requests."""


@contextlib.contextmanager
def _client(stage: Stage, seen: Seen) -> Iterator[Client]:
    with contextlib.closing(Client(stage.address)) as client:
        # A stranger's are those of the login form alone: this browser gets its own.
        for name, value in seen.cookies if len(seen.cookies) > 1 else ():
            client.http.cookies.set(name, value)
        yield client


def _route(stage: Stage, action: str) -> str:
    path = action.partition("?")[0]
    for route in every_route(stage.app):
        if "POST" in (route.methods or ()) and route.path_regex.match(path):
            return route.path
    raise AssertionError(f"no route takes {action}")


def test_every_changing_route_is_weighed(stage: Stage) -> None:
    """A new one has to be put where it belongs: then its form is looked at."""
    known = {*DANGEROUS, *UNDONE, *ADDING}
    routes = {route.path for route in every_route(stage.app) if "POST" in (route.methods or ())}
    assert routes - known == set()
    assert not (set(DANGEROUS) & set(UNDONE)) | (set(DANGEROUS) & ADDING)


def test_nothing_dangerous_is_done_by_one_press(stage: Stage, seen: dict[str, Seen]) -> None:
    found, weighed = [], set()
    for who, mine in seen.items():
        with _client(stage, mine) as client:
            for path in mine.paths:
                for form in Forms(client.get(path).text).forms:
                    if form.method != "post":
                        continue
                    route = _route(stage, form.action)
                    actions = {button.get("value") for button in form.buttons if button.get("name") == "action"}
                    if (
                        route not in DANGEROUS
                        or (actions and actions <= SECOND)
                        or route == "/exams/{exam_id}/decision"
                    ):
                        continue
                    weighed.add(route)
                    if not form.is_second_step and not form.is_typed:
                        found.append(f"{who} {path}: {form.action}")
    assert found == []
    assert {"/accounts/{account_id}", "/accounts/keys/{key_id}/revoke", "/account/sessions/end"} <= weighed


@pytest.mark.parametrize("who", WHO)
def test_what_is_wrong_stands_at_its_field(stage: Stage, seen: dict[str, Seen], who: str) -> None:
    """Each form is sent empty: the page that comes back marks a field and says there what is wrong with it."""
    found, refused = [], 0
    with _client(stage, seen[who]) as client:
        for path in seen[who].paths:
            for number, form in enumerate(Forms(client.get(path).text).forms):
                filled = any(tag != "select" and (a.get("type") or "text") in TYPED for tag, a in form.fields)
                # Strangers are counted: only one of us tries to log in.
                if form.action == "/login" and len(seen[who].cookies) > 1:
                    continue
                if form.method != "post" or not filled or _route(stage, form.action) == "/exams/{exam_id}/decision":
                    continue
                fresh = Forms(client.get(path).text).forms[number]
                kept = {
                    str(a["name"]): a.get("value") or ""
                    for tag, a in fresh.fields
                    if tag == "input" and a.get("type") == "hidden" and a.get("name")
                }
                pressed = {str(a["name"]): a.get("value") or "" for a in fresh.buttons[:1] if a.get("name")}
                blank = {
                    str(a["name"]): ""
                    for tag, a in fresh.fields
                    if a.get("name") and tag != "select" and a.get("type") not in UNTYPED
                }
                has_file = any(a.get("type") == "file" for _tag, a in fresh.fields)
                files = {"file": ("empty.csv", b"", "text/csv")} if has_file else None
                answer = client.http.post(fresh.action, data=blank | kept | pressed, files=files)
                if answer.status_code not in {401, 422}:
                    continue
                refused += 1
                marked = re.findall(r'aria-invalid="?true"?[^>]*aria-describedby="?([\w-]+)', answer.text)
                if not marked or not all(re.search(f'id="{one}"[^>]*>[^<]*\\w', answer.text) for one in marked):
                    found.append(f"{path}: {fresh.action} {sorted(blank)} marks {marked}")
    assert found == []
    assert refused or who in {"employer", "service"}
