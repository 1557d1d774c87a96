"""`dopusk central …`: installing, running and looking after the central module."""

import contextlib
import logging
import signal
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from central.core.config import CentralConfig, ConfigError, load_config
from central.exchange.ingest import Ingest, spare_the_collector
from central.exchange.presence import Presence
from central.keeping.backup import BackupError
from central.keeping.installation import Choices, create_secrets, write_config
from central.link.outgoing import load_signing_key
from central.signature.provider import SigningRefused
from central.store import schema
from central.store.engine import open_engine, writing
from central.store.sealing import Sealer
from dopusk.commands.access_trail import note
from dopusk.commands.central_figures import serve_figures
from dopusk.commands.choices import one_of
from dopusk.told import error_words, fault_lines, is_unforeseen
from dopusk.words import say

app = typer.Typer(no_args_is_help=True, help="The central module: console, ingest, store.")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="central.toml", envvar="DOPUSK_CENTRAL_CONFIG")]
BAD_CONFIGURATION = 2


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="New folder for configuration, keys and, by default, the store.")],
    generation: Annotated[str, typer.Option(help="real, demo or test; a centre takes records of its own kind only.")],
    mqtt_port: Annotated[int, typer.Option(help="Port of the broker.")] = 8883,
    mqtt_host: Annotated[str, typer.Option(help="Host of the broker.")] = "127.0.0.1",
    http_port: Annotated[int, typer.Option(help="Port of the console.")] = 8080,
    public_url: Annotated[str | None, typer.Option(help="Address under which people open the console.")] = None,
    store_url: Annotated[str, typer.Option(help="SQLAlchemy URL of the store.")] = "sqlite:///central.db",
) -> None:
    """Make a new centre: authority, keys, certificate, central.toml and an empty store."""
    one_of(generation, ("real", "demo", "test"), "--generation")
    if (folder / "central.toml").exists():
        fail(say("{folder} holds a centre already; nothing was changed", folder=folder))
    choices = Choices(
        generation,  # type: ignore[arg-type]  # checked above
        mqtt_port,
        http_port,
        mqtt_host=mqtt_host,
        public_url=public_url,
        store_url=store_url,
    )
    with plain_errors():
        create_secrets(folder)
        config = write_config(folder, choices)
        engine = open_engine(config.store_url)
        schema.upgrade(engine)
        with writing(engine) as connection:
            note(connection, "store.init", detail={"generation": generation})
        bring_up_to_date(engine, load_signing_key(config.keys.centre_signing_key_file))
    print(say("centre ready in {folder}; keep {key} safe", folder=folder, key=folder / "authority" / "ca.key"))


@app.command()
def migrate(config: ConfigFile) -> None:
    """Bring the store to the version of this program. Run it once after each update, before the processes start."""
    with plain_errors():
        loaded = load_config(config)
        bring_up_to_date(open_engine(loaded.store_url), load_signing_key(loaded.keys.centre_signing_key_file))
        with writing(open_store(config)) as connection:
            note(connection, "store.migrate")
    print(say("store is up to date"))


@app.command()
def serve(config: ConfigFile) -> None:
    """Run the console and the dispatcher that carries decisions to the terminals."""
    # The web framework takes a second and 60 MiB, which no other command and no ingest worker should pay.
    from dopusk.commands.central_serve import run

    with plain_errors():
        loaded, engine = open_centre(config, is_service=True)
        run(loaded, engine)
        engine.dispose()


@app.command()
def ingest(
    config: ConfigFile,
    name: Annotated[str | None, typer.Option(help="Client id at the broker; must differ between workers.")] = None,
) -> None:
    """Run one ingest worker. Start as many as the load needs; they share the stream."""
    with plain_errors():
        loaded, engine = open_centre(config, is_service=True)
        worker = Ingest(loaded, engine, name=name)
        spare_the_collector()
        if loaded.ingest.metrics_port is not None:
            serve_figures(loaded.ingest.metrics_port)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        with Presence(engine, "ingest"):
            worker.run(announce=lambda: print("central ingest ready", flush=True))
        engine.dispose()


_unsealed: ContextVar[list[tuple[Engine, Ed25519PrivateKey]] | None] = ContextVar("unsealed", default=None)
"""Stores that the command at work may have written to."""


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what an administrator can put right into one plain message and an exit code.

    What the command has written is sealed at its end: `serve` may not run yet, or not any more.
    """
    opened: list[tuple[Engine, Ed25519PrivateKey]] = []
    outer = _unsealed.set(opened)
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
    opened = _unsealed.get()
    if opened is not None and not is_service:
        opened.append((engine, load_signing_key(config.keys.centre_signing_key_file)))
    return config, engine


def fail(message: str) -> NoReturn:
    """End with one line for people and exit code 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
