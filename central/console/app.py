"""The console as a web application: routes and doors. Made by `create_app`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Connection, Engine
from starlette.routing import BaseRoute

from central.access.accounts import OIDC
from central.access.directory import Directory
from central.access.esia_provider import EsiaProvider
from central.access.oidc_provider import OidcProvider
from central.access.second_factor import FactorPolicy, TotpSeal
from central.api.app import create_api
from central.api.gates import GateDoor
from central.books.source import StoreBooks
from central.console.bounds import Bounds
from central.console.context import Console, Rates, static_folder
from central.console.error_pages import add_error_pages
from central.console.guard import Guard, Public
from central.console.headers import Headers
from central.console.held_keys import forget_keys
from central.console.hosts import Hosts
from central.console.live import Live
from central.console.pages import make_templates
from central.console.queue_view import QueueTables
from central.console.routes import (
    account,
    account_channels,
    account_deeds,
    account_edit,
    account_vouching,
    accounts,
    acts,
    admissions,
    audit,
    book_checks,
    books,
    carriers,
    certificates,
    changes,
    column_sets,
    conclusion,
    conclusions,
    consents,
    contracts,
    copies,
    copy_journal,
    copy_requests,
    decide,
    duty,
    duty_load,
    employer_due,
    employer_journal,
    employer_lists,
    employer_posts,
    employer_shifts,
    employer_statements,
    employer_workers,
    entries,
    exam,
    exam_files,
    exam_import,
    exchange,
    exchange_maps,
    exports,
    federal_import,
    field_maps,
    file_jobs,
    fleet,
    gates,
    ground_import,
    grounds,
    help,
    history_import,
    holds,
    inspection,
    inspections,
    journal,
    journal_signed,
    limits,
    login,
    login_outside,
    me,
    me_access,
    me_gate,
    me_join,
    me_record,
    me_requests,
    own,
    papers,
    passport,
    passport_signing,
    persons,
    photo,
    queue,
    refusals,
    refused,
    register_import,
    registers,
    retention,
    room,
    statements,
    stock_checks,
    terminals,
    transfers,
    waybills,
    workforce_confirming,
    workplace,
    written,
)
from central.core import book_source
from central.core.config import CentralConfig
from central.core.kept_once import KeptOnce
from central.core.once_per_hour import OncePerHour
from central.core.passwords import load_list
from central.core.picture_look import PictureLook
from central.core.rate_limit import RateLimit
from central.core.sealed_words import WordsSeal
from central.core.snils import SnilsKey
from central.core.trust import Trust
from central.deciding.act_signing import ActSigning
from central.deciding.decisions import Decisions
from central.deciding.paper_signing import PaperSigning
from central.deciding.passages import GatePassages
from central.deciding.passport_signing import PassportSigning
from central.deciding.stamping import Stamping
from central.deciding.title_signing import TitleSigning
from central.egress.rules import EgressRules
from central.grounds.document_files import DocumentFiles
from central.jobs.queue import Jobs
from central.link.outgoing import Outgoing
from central.notifying.notice_channels import ChannelSecrets
from central.notifying.notices import Notifier
from central.papers.signed import SignedPapers
from central.people import contacts
from central.people.registry import Registry
from central.signature.vault import Vault
from central.store.engine import open_engine, reading
from central.store.vouched_medics import medic_vouched

THREADS = 12
"""So many answers are computed at once. Python computes one at a time: with more, each page waits for all others to the end, and
the store needs more connections. What waits for others (disk, the other store, a time stamp) is what more than one is for."""

PAGES = (
    login,
    login_outside,
    me_join,
    me,
    me_gate,
    me_record,
    me_requests,
    me_access,
    account,
    queue,
    room,
    exam,
    exam_files,
    decide,
    workplace,
    journal,
    column_sets,
    journal_signed,
    exports,
    exam_import,
    ground_import,
    history_import,
    grounds,
    federal_import,
    field_maps,
    file_jobs,
    papers,
    written,
    conclusions,
    copy_requests,
    passport,
    passport_signing,
    acts,
    retention,
    holds,
    inspection,
    inspections,
    persons,
    refusals,
    limits,
    books,
    registers,
    consents,
    photo,
    carriers,
    entries,
    certificates,
    changes,
    admissions,
    employer_due,
    employer_lists,
    employer_journal,
    employer_posts,
    employer_shifts,
    employer_workers,
    workforce_confirming,
    book_checks,
    own,
    help,
    account_channels,
    account_deeds,
    account_edit,
    account_vouching,
    accounts,
    audit,
    fleet,
    terminals,
    transfers,
    refused,
    register_import,
    waybills,
    gates,
    exchange,
    exchange_maps,
    copies,
    copy_journal,
    stock_checks,
    duty,
    duty_load,
    contracts,
    statements,
    employer_statements,
    # Last: other pages of conclusions have paths that look like a paper's.
    conclusion,
)
"""All pages, in the order in which their paths are tried."""


def create_app(
    config: CentralConfig,
    *,
    engine: Engine | None = None,
    outgoing: Outgoing | None = None,
    wake: Callable[[], None] = lambda: None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    vault: Vault | None = None,
    pictures: PictureLook | None = None,
) -> FastAPI:
    """The application. `wake` is `Dispatcher.wake`: called right after a decision is committed.

    `pictures` looks at uploaded pictures, where the composition has something to look with.

    `engine` is one of `config.store_url`: the processes of jobs open that for themselves.

    Raises `OSError`, `ValueError` or `ConfigError` when a file with keys, roots or passwords is missing or wrong, and
    `RuntimeError` for a route without a door.
    """
    store = engine or open_engine(config.store_url)
    session_secret = config.keys.session_secret_file.read_bytes()
    book_source.use(StoreBooks(store))
    trust = Trust(config.keys.authority_dir)
    live = Live(store, clock)
    templates = make_templates()

    channel_secrets = ChannelSecrets(session_secret)
    rules = EgressRules(config.outgoing.allowed_networks, config.outgoing.plain_http)
    pen = outgoing or Outgoing.from_config(config)
    registry = Registry(pen, SnilsKey.from_file(config.keys.snils_key_file))

    def worker_address(connection: Connection, person_id: str) -> str:
        return contacts.read(connection, registry, person_id).email

    notifier = Notifier(store, config.notices, channel_secrets, clock, config.vigilance, rules, worker_address)

    def woken() -> None:
        wake()
        live.poke()
        notifier.wake()

    stamping = Stamping(config.timestamp)
    admission_valid = timedelta(hours=config.decisions.admission_valid_hours)
    jobs = Jobs(store, config, clock)
    console = Console(
        config=config,
        engine=store,
        decisions=Decisions(
            store,
            pen,
            trust,
            woken,
            clock,
            admission_valid,
            stamping,
            config.registers.frmr_valid_days,
            config.decisions.mid_level_finds_signs,
            f"{config.http.public_url.rstrip('/')}{me_join.PATH}" if config.personal.kiosk_links else "",
        ),
        titles=TitleSigning(store, trust, woken, clock, config.registers.frmr_valid_days),
        papers=PaperSigning(store, trust, clock, config.registers.frmr_valid_days),
        passports=PassportSigning(store, trust, clock, config.registers.frmr_valid_days),
        acts=ActSigning(store, trust, clock, config.registers.frmr_valid_days),
        signed_papers=SignedPapers(store, DocumentFiles.from_config(config), trust, stamping, clock),
        stamping=stamping,
        outgoing=pen,
        pictures=pictures,
        registry=registry,
        wake=woken,
        channel_secrets=channel_secrets,
        trust=trust,
        vault=vault or Vault(),
        live=live,
        queue=QueueTables(store, live, templates, clock, stamping),
        jobs=jobs,
        once_per_hour=OncePerHour(clock),
        words_seal=WordsSeal(session_secret),
        templates=templates,
        totp_seal=TotpSeal(session_secret),
        factor_policy=FactorPolicy(
            config.accounts.second_factor_roles, timedelta(hours=config.accounts.second_factor_grace_hours)
        ),
        listed_passwords=load_list(config.accounts.password_list_file),
        rates=Rates(
            RateLimit("sign_in", config.rates.sign_in_per_minute), RateLimit("check", config.rates.check_per_minute)
        ),
        strangers_line=CapacityLimiter(1),
        known_line=CapacityLimiter(1),
        outside_line=CapacityLimiter(4),
        provider=_provider(config, rules, store, registry),
        directory=Directory(config.login.ldap) if config.login.ldap is not None else None,
        outside_logins=KeptOnce(),
        awaited=KeptOnce(),
        drafts=URLSafeTimedSerializer(session_secret, salt="draft"),
        session_secret=session_secret,
        clock=clock,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        watcher = asyncio.create_task(live.watch())
        keys = asyncio.create_task(forget_keys(console))
        notifier.start()
        jobs.start()
        yield
        live.close()
        keys.cancel()
        await watcher
        await asyncio.to_thread(jobs.stop)
        await asyncio.to_thread(notifier.stop)
        if engine is None:
            store.dispose()

    app = FastAPI(
        title="Dopusk console", lifespan=lifespan, routes=_pages(), docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.console = console
    api = create_api(
        store,
        clock,
        config.rates,
        GateDoor(config.gates, GatePassages(store, trust, clock)),
        registry,
        console.wake,
        confirm_changes=config.employers.confirm_changes,
    )
    # A mounted application takes the place of ours in the request, for headers and error pages too.
    api.state.console = console
    app.mount("/api/v1", api, name="api")
    app.mount("/static", StaticFiles(directory=static_folder()), name="static")
    # The last one added is the outermost: each answer carries the headers, those of the bounds too.
    app.add_middleware(Hosts, config=config.http)
    app.add_middleware(Bounds)
    app.add_middleware(Headers, console=console)
    add_error_pages(app)
    _check_doors(app)
    return app


@cache
def _pages() -> list[BaseRoute]:
    """The routes of all pages. They know nothing of one console, and FastAPI takes long to make them: made once.

    One flat list: to ask router after router which of them has a page takes longer than many a page.
    """
    return [route for module in PAGES for route in module.router.routes]


def _provider(
    config: CentralConfig, rules: EgressRules, store: Engine, registry: Registry
) -> OidcProvider | EsiaProvider | None:
    """Who vouches for logins. Raises `OSError` and `ValueError` for a key or a secret that cannot be read."""
    back, esia = f"{config.http.public_url.rstrip('/')}{login_outside.ANSWER_PATH}", config.login.esia
    if esia is not None:

        def medic_of(snils: str) -> str | None:
            with reading(store) as connection:
                return medic_vouched(connection, OIDC, esia.issuer, registry.snils_hash(snils))

        return EsiaProvider(esia, back, medic_of)
    return OidcProvider(config.login.oidc, back, rules) if config.login.oidc is not None else None


def every_route(app: FastAPI) -> list[APIRoute]:
    """All routes of the application, those of included routers among them."""
    found: list[APIRoute] = []
    waiting: list[BaseRoute] = list(app.routes)
    while waiting:
        route = waiting.pop(0)
        if isinstance(route, APIRoute):
            found.append(route)
        # FastAPI keeps an included router as one entry of its own kind.
        waiting += getattr(getattr(route, "original_router", None), "routes", ())
    return found


def guards_of(route: APIRoute) -> list[Any]:
    """The doors of a route."""
    return [item.call for item in route.dependant.dependencies if isinstance(item.call, Guard | Public)]


def _check_doors(app: FastAPI) -> None:
    routes = every_route(app)
    if not routes:
        raise RuntimeError("no routes were found: the check of doors would check nothing")
    doorless = [route.path for route in routes if len(guards_of(route)) != 1]
    if doorless:
        raise RuntimeError(f"these routes do not name exactly one right: {', '.join(doorless)}")
