"""The context of every page of the console: the store, the keys, the rules of sessions. One object per application."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from anyio import CapacityLimiter
from fastapi import HTTPException, Request, Response
from fastapi.templating import Jinja2Templates
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Engine

from central.access.accounts import IDLE
from central.access.directory import Directory
from central.access.esia_provider import EsiaProvider
from central.access.oidc_provider import OidcProvider
from central.access.outside_logins import Waiting
from central.access.second_factor import FactorPolicy, TotpSeal
from central.console.live import Live
from central.console.look import Look
from central.console.queue_view import QueueTables
from central.core.config import CentralConfig
from central.core.kept_once import KeptOnce
from central.core.once_per_hour import OncePerHour
from central.core.picture_look import PictureLook
from central.core.rate_limit import RateLimit
from central.core.rights import Right, may
from central.core.sealed_words import WordsSeal
from central.core.trust import Trust
from central.deciding.act_signing import ActSigning
from central.deciding.decisions import Decisions
from central.deciding.paper_signing import PaperSigning
from central.deciding.passport_signing import PassportSigning
from central.deciding.stamping import Stamping
from central.deciding.title_signing import TitleSigning
from central.deciding.workplace import AwaitedSignature
from central.jobs.queue import Jobs
from central.link.outgoing import Outgoing
from central.notifying.notice_channels import ChannelSecrets
from central.papers.signed import SignedPapers
from central.people.registry import Registry
from central.signature.vault import Vault
from central.store import registry
from central.store.accounts import Account, AccountSession
from central.store.engine import reading
from central.words.texts import LANGUAGES

LANGUAGE_COOKIE = "dopusk_language"
THEME_COOKIE = "dopusk_theme"
ZONE_COOKIE = "dopusk_zone"
YEAR_S = 365 * 24 * 3600
"""So long a browser keeps how its pages look."""
SESSION_WARNING_S = 300
"""So long before its end an idle session says so on the page."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How often one address may knock at the open doors."""

    sign_in: RateLimit
    check: RateLimit


@dataclass(frozen=True, slots=True)
class Console:
    """The parts that routes share."""

    config: CentralConfig
    engine: Engine
    decisions: Decisions
    titles: TitleSigning
    papers: PaperSigning
    passports: PassportSigning
    acts: ActSigning
    signed_papers: SignedPapers
    stamping: Stamping
    outgoing: Outgoing
    pictures: PictureLook | None
    """None: nobody looks at uploaded pictures, and pages say so."""
    registry: Registry
    wake: Callable[[], None]
    """To be called after every commit that queued something for a terminal or that lists show."""
    trust: Trust
    channel_secrets: ChannelSecrets
    vault: Vault
    live: Live
    queue: QueueTables
    once_per_hour: OncePerHour
    words_seal: WordsSeal
    jobs: Jobs
    templates: Jinja2Templates
    totp_seal: TotpSeal
    factor_policy: FactorPolicy
    listed_passwords: frozenset[str]
    rates: Rates
    strangers_line: CapacityLimiter
    """Passwords are checked one at a time; those of unknown browsers wait for each other, and nobody else for them."""
    known_line: CapacityLimiter
    outside_line: CapacityLimiter
    """Logins that wait for a provider or a directory: slow ones hold up each other, and nobody else."""
    provider: OidcProvider | EsiaProvider | None
    directory: Directory | None
    outside_logins: KeptOnce[Waiting]
    awaited: KeptOnce[AwaitedSignature]
    """What medics are signing at their workplaces just now."""
    drafts: URLSafeTimedSerializer
    session_secret: bytes
    clock: Callable[[], datetime]

    @property
    def frmr_valid_days(self) -> int:
        """How long an entry of the federal register counts after it was seen there."""
        return self.config.registers.frmr_valid_days

    @property
    def secure(self) -> bool:
        """Whether people reach the console over TLS; cookies then never travel in clear."""
        return self.config.http.public_url.startswith("https://")

    @property
    def session_cookie(self) -> str:
        """Name of the session cookie; browsers enforce the `__Host-` rules."""
        return self._host_cookie("dopusk", "dopusk_session")

    @property
    def form_cookie(self) -> str:
        """Name of the cookie that the login form's token belongs to."""
        return self._host_cookie("dopusk_form", "dopusk_form")

    @property
    def device_cookie(self) -> str:
        """Name of the cookie by which a browser is known (`known_devices`)."""
        return self._host_cookie("dopusk_device", "dopusk_device")

    @property
    def outside_cookie(self) -> str:
        """Name of the cookie of a login that is on its way to a provider and back."""
        return self._host_cookie("dopusk_outside", "dopusk_outside")

    def _host_cookie(self, secure: str, plain: str) -> str:
        return f"__Host-{secure}" if self.secure else plain


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, and in which session."""

    account: Account
    session: AccountSession
    look: Look
    address: str
    is_installation: bool = False
    """An administrator of no organisation administers the installation: all organisations are in `account.orgs`."""

    def may(self, right: Right) -> bool:
        """Whether the account has this right."""
        return may(self.account.role, right)

    def org_of(self, chosen: str) -> str | None:
        """The organisation that is meant: the chosen one when it is theirs, the only one where there is no choice; None: ask."""
        if chosen:
            return chosen if self.owns(chosen) else None
        return self.account.orgs[0] if len(self.account.orgs) == 1 else None

    def owns(self, org: str | None) -> bool:
        """Whether what belongs to this organisation is theirs to see. What belongs to none is nobody's."""
        return org in self.account.orgs


class OfOrganisation(Protocol):
    """A record that belongs to one organisation."""

    @property
    def org(self) -> str:
        """The organisation's key."""
        ...


Found = TypeVar("Found", bound=Mapping[Any, Any] | OfOrganisation)


def own_or_404(visitor: Visitor, found: Found | None) -> Found:
    """The record or row (`org` names its organisation), when it is the visitor's to see.

    404 for what another organisation holds and for what nobody holds alike: ids of others cannot be probed.
    """
    if found is None or not visitor.owns(found["org"] if isinstance(found, Mapping) else found.org):
        raise HTTPException(404)
    return found


def console_of(request: Request) -> Console:
    """The application's console."""
    return cast("Console", request.app.state.console)


def look_of(request: Request) -> Look:
    """Language, theme and time zone from cookies; anything unknown falls back."""
    language = request.cookies.get(LANGUAGE_COOKIE, LANGUAGES[0])
    theme = request.cookies.get(THEME_COOKIE, "")
    return Look(
        language=language if language in LANGUAGES else LANGUAGES[0],
        theme=theme if theme in {"dark", "light"} else "",
        zone=_zone(unquote(request.cookies.get(ZONE_COOKIE, ""))),
    )


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.now().astimezone().tzinfo or UTC


def address_of(request: Request) -> str:
    """The peer's address, for the audit log."""
    return request.client.host if request.client else ""


def static_folder() -> Path:
    """Where style sheet and script are."""
    return Path(__file__).parent / "static"


def _own_organisations(console: Console, visitor: Visitor | None) -> list[tuple[str, str]]:
    """Short name and name of each, for forms that ask for one; empty where there is nothing to choose."""
    if visitor is None or len(visitor.account.orgs) < 2:
        return []
    with reading(console.engine) as connection:
        return [
            (row["org"], row["name"]) for row in registry.list_organisations(connection) if visitor.owns(row["org"])
        ]


def page(request: Request, template: str, visitor: Visitor | None, status: int = 200, **values: Any) -> Response:
    """Render a page with everything that the layout needs."""
    console = console_of(request)
    look = visitor.look if visitor else look_of(request)
    return console.templates.TemplateResponse(
        request,
        template,
        {
            "visitor": visitor,
            "look": look,
            "generation": console.config.generation,
            "Right": Right,
            "session_idle_s": int(IDLE.total_seconds()),
            "session_warning_s": SESSION_WARNING_S,
            "own_organisations": _own_organisations(console, visitor),
            "factor_is_off": not console.config.accounts.second_factor_roles,
            "key_open": visitor is not None
            and console.vault.is_open(visitor.session.session_id, visitor.account.medic_id or ""),
            **values,
        },
        status_code=status,
    )
