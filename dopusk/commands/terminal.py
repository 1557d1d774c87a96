"""`dopusk terminal …`: running and looking after one kiosk."""

import logging
import signal
from contextlib import closing
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from sqlite_utils import Database

from dopusk.loading import loading
from dopusk.told import fault_lines, told
from dopusk.words import say, word
from drivers.config import ConfigError
from sync.outbox import Outbox
from sync.wal import ALARM_BYTES, wal_bytes
from terminal.config import TerminalConfig, load_config
from terminal.store.database import KeyFile, StoreError, open_existing, open_store
from terminal.store.exam_history import ExamHistory
from terminal.store.roster import RosterStore
from terminal.store.set_aside import set_aside

app = typer.Typer(no_args_is_help=True, help="The terminal: one kiosk with its devices.")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="terminal.toml", envvar="DOPUSK_TERMINAL_CONFIG")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
BAD_CONFIGURATION = 2


def config_or_exit(path: Path) -> TerminalConfig:
    """The configuration, or every fault on standard error and exit code 2."""
    try:
        return load_config(path)
    except ConfigError as error:
        refuse(error)


def refuse(error: ConfigError) -> NoReturn:
    """Print every fault, one per line, and end."""
    text = say("{path} has faults; the terminal does not start. The service engineer must correct:", path=error.path)
    for line in fault_lines(text, error.path, error.faults, "service engineer"):
        typer.echo(line, err=True)
    raise typer.Exit(BAD_CONFIGURATION)


@app.command()
def run(config: ConfigFile) -> None:
    """Run the kiosk: window, exam core, devices, camera and, if so configured, the sync thread."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    loaded = _startable(config)
    with loading():
        from dopusk.kiosk_app import run_kiosk_terminal  # Qt is loaded only where a window is wanted

    try:
        code = run_kiosk_terminal(loaded)
    except ConfigError as error:
        refuse(error)
    except StoreError as error:
        typer.echo(say("the terminal's store: {error} (service engineer)", error=told(str(error))), err=True)
        code = 1
    raise typer.Exit(code)


@app.command()
def sync(config: ConfigFile) -> None:
    """Run only the sync process: the outbox to the centre, the centre's messages into the inbox."""
    with loading():
        from dopusk.terminal_sync import make_forwarder, serve_metrics
        from dopusk.thread_deaths import CRASHED, end_when_a_thread_dies
        from sync.contract.health import TerminalStatus
        from sync.neighbour import KioskProcess

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    loaded = _startable(config)
    master = KeyFile(loaded.files.master_key).master_key()
    open_store(loaded.files.store, master).close()
    without_kiosk = TerminalStatus(state="online", software_version=version("dopusk"), kiosk="silent")
    kiosk = KioskProcess(
        loaded.files.store, lambda: forwarder.tell_status(), without_kiosk, wake=lambda: forwarder.wake()
    )
    forwarder = make_forwarder(loaded, master, on_link=kiosk.tell_link, on_inbox=kiosk.tell_inbox, status=kiosk.status)
    serve_metrics(loaded.metrics.port)

    def end(number: int, frame: FrameType | None) -> None:
        forwarder.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    crashed = end_when_a_thread_dies()
    kiosk.start()
    typer.echo("terminal sync ready")  # for scripts, the same in every language
    try:
        forwarder.run()
    finally:
        kiosk.close()
    if crashed:
        raise typer.Exit(CRASHED)


@app.command("check-config")
def check_config(config: ConfigFile, as_json: AsJson = False) -> None:
    """Read the configuration and list every fault: all that `run` would refuse, and what would not work.

    Looks at keys, certificates, store, drivers and engines too. Exit code 2 when anything is listed.
    """
    import json

    from dopusk.terminal_check import check_terminal

    checked = check_terminal(config)
    if as_json:
        typer.echo(json.dumps({"faults": checked.faults, "remarks": checked.remarks}, ensure_ascii=False))
    if not as_json and checked.remarks:
        text = say("{path}: the terminal starts, and this will not work (service engineer):", path=config)
        typer.echo(text, err=True)
        for remark in checked.remarks:
            typer.echo(f"  {told(remark)}", err=True)
    if checked.faults and not as_json:
        refuse(ConfigError(str(config), list(checked.faults)))
    if checked.faults or checked.remarks:
        raise typer.Exit(BAD_CONFIGURATION)
    loaded = checked.config
    if loaded is not None and not as_json:
        steps = ", ".join(map(word, loaded.plan().steps))
        text = "{path}: no faults; {count} devices, steps {steps}"
        typer.echo(say(text, path=config, count=len(loaded.device), steps=steps))


@app.command()
def status(config: ConfigFile, as_json: AsJson = False) -> None:
    """What is on the terminal's disk: open exams, messages without a receipt, parked messages with their reason."""
    import json

    loaded = config_or_exit(config)
    with closing(_database(loaded)) as db:
        outbox = Outbox(db)
        backlog = outbox.backlog()
        facts: dict[str, Any] = {
            "open_exams": [asdict(exam) for exam in ExamHistory(db).open_exams()],
            "stores_set_aside": [path.name for path in set_aside(loaded.files.store)],
            "roster_version": RosterStore(db).version(),
            "workers": RosterStore(db).count(),
            "wal_bytes": wal_bytes(loaded.files.store),
            "without_receipt": backlog.queued,
            "oldest_without_receipt": backlog.oldest_at,
            "parked": [
                dict(row)
                for row in db.query(
                    "SELECT message_id, kind, receipt_code AS code, receipt_reason AS reason FROM outbox WHERE state = 'parked'"
                )
            ],
        }
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    for name in facts["stores_set_aside"]:
        text = say("a damaged store was set aside: {name}; see `dopusk terminal recover` (service engineer)", name=name)
        typer.echo(text)
    if (facts["wal_bytes"] or 0) > ALARM_BYTES:
        text = "the store's log has {mb} MB, a program holds it open (service engineer)"
        typer.echo(say(text, mb=facts["wal_bytes"] // 1_000_000))
    text = "roster {version}: employments {count}"
    typer.echo(say(text, version=facts["roster_version"], count=facts["workers"]))
    typer.echo(say("exams open on the disk: {count}", count=len(facts["open_exams"])))
    text = "messages without the centre's receipt: {count} (oldest {oldest})"
    typer.echo(say(text, count=backlog.queued, oldest=backlog.oldest_at or "-"))
    for row in facts["parked"]:
        typer.echo(say("refused by the centre: {message_id} ({kind}): {code} {reason}", **row))


@app.command()
def release(
    config: ConfigFile, message_id: Annotated[str, typer.Argument(help="Id of the message, as `status` shows it.")]
) -> None:
    """Queue a message again that the centre had refused, after its cause was put right."""
    with closing(_database(config_or_exit(config))) as db:
        released = Outbox(db).release_parked(message_id)
    typer.echo(say("queued again" if released else "there is no parked message with this id"))
    raise typer.Exit(0 if released else 1)


def _startable(path: Path) -> TerminalConfig:
    """The configuration of a terminal that may start, what will not work in the log; or every fault and exit code 2."""
    from dopusk.terminal_check import check_terminal

    checked = check_terminal(path)
    if checked.config is None:
        refuse(ConfigError(str(path), list(checked.faults)))
    for remark in checked.remarks:
        logging.getLogger(__name__).warning("%s (service engineer)", remark)
    return checked.config


def _database(config: TerminalConfig) -> Database:
    """The store beside a running terminal, opened without changing it."""
    try:
        return open_existing(config.files.store, KeyFile(config.files.master_key))
    except StoreError as error:
        typer.echo(told(f"{error} (service engineer)"), err=True)
        raise typer.Exit(1) from error
