"""`dopusk central init | migrate | serve | ingest`: installing and running the central module."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from central.core.config import load_config
from central.exchange.ingest import Ingest, spare_the_collector
from central.exchange.presence import Presence
from central.keeping.installation import Choices, create_secrets, write_config
from central.link.outgoing import load_signing_key
from central.store import schema
from central.store.engine import open_engine, writing
from dopusk.commands.access_trail import note
from dopusk.commands.central import ConfigFile, bring_up_to_date, fail, open_centre, open_store, plain_errors
from dopusk.commands.central_figures import serve_figures
from dopusk.commands.choices import one_of
from dopusk.loading import loading
from dopusk.words import say


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


def migrate(config: ConfigFile) -> None:
    """Bring the store to the version of this program. Run it once after each update, before the processes start."""
    with plain_errors():
        loaded = load_config(config)
        bring_up_to_date(open_engine(loaded.store_url), load_signing_key(loaded.keys.centre_signing_key_file))
        with writing(open_store(config)) as connection:
            note(connection, "store.migrate")
    print(say("store is up to date"))


def serve(config: ConfigFile) -> None:
    """Run the console and the dispatcher that carries decisions to the terminals."""
    # The web framework takes a second and 60 MiB, which no other command and no ingest worker should pay.
    with loading():
        from dopusk.commands.central_serve import run

    with plain_errors():
        loaded, engine = open_centre(config, is_service=True)
        run(loaded, engine)
        engine.dispose()


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
