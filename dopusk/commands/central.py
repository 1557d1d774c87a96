"""Shared parts of the commands of the centre: configuration, store, and one way to end with an error."""

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from central.books.source import StoreBooks
from central.core import book_source
from central.core.config import CentralConfig, ConfigError, load_config
from central.keeping.backup import BackupError
from central.link.outgoing import load_signing_key
from central.signature.provider import SigningRefused
from central.store import schema
from central.store.engine import open_engine
from central.store.sealing import Sealer
from dopusk.told import error_words, fault_lines, is_unforeseen
from dopusk.words import say

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="central.toml", envvar="DOPUSK_CENTRAL_CONFIG")]
BAD_CONFIGURATION = 2


_unsealed: ContextVar[list[tuple[Engine, Ed25519PrivateKey]] | None] = ContextVar("unsealed", default=None)
"""Stores that the command at work may have written to."""


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what an administrator can put right into one plain message and an exit code.

    What the command has written is sealed at its end: `serve` may not run yet, or not any more.
    """
    opened: list[tuple[Engine, Ed25519PrivateKey]] = []
    outer, books_before = _unsealed.set(opened), book_source.in_use()
    try:
        yield
        for engine, key in opened:
            Sealer(engine, key).run()
    except ConfigError as error:
        text = "{path} has faults; nothing was done. The administrator of the centre must correct:"
        for line in fault_lines(say(text, path=error.path), error.path, error.faults, "administrator of the centre"):
            typer.echo(line, err=True)
        raise typer.Exit(BAD_CONFIGURATION) from error
    except (
        schema.StoreVersionError,
        SQLAlchemyError,
        OSError,
        ValueError,
        LookupError,
        BackupError,
        SigningRefused,
    ) as error:
        if is_unforeseen(error):
            raise
        fail(error_words(error))
    finally:
        _unsealed.reset(outer)
        # Whoever asked for a book afterwards would open the command's store again, and nobody would close it.
        book_source.use(books_before)
        for engine, _ in opened:
            engine.dispose()


def bring_up_to_date(engine: Engine, key: Ed25519PrivateKey) -> None:
    """Migrate a store and seal what has no seal yet. Disposes of the engine. Raises `StoreVersionError`."""
    try:
        schema.upgrade(engine)
        Sealer(engine, key).run()
    finally:
        engine.dispose()


def open_store(config: Path) -> Engine:
    """The store of a configuration, of the right version."""
    return open_centre(config)[1]


def open_centre(path: Path, *, is_service: bool = False) -> tuple[CentralConfig, Engine]:
    """Configuration and store, the store of the right version. Sets up logging. A service looks after its own seals."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    config = load_config(path)
    engine = open_engine(config.store_url)
    schema.check(engine)
    book_source.use(StoreBooks(engine))
    opened = _unsealed.get()
    if opened is not None and not is_service:
        opened.append((engine, load_signing_key(config.keys.centre_signing_key_file)))
    return config, engine


def fail(message: str) -> NoReturn:
    """End with one line for people and exit code 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
