"""`dopusk terminal enrol`, `renew`, `tidy` and `recover`: looking after a terminal's identity and disk."""

import json
import logging
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from dopusk.commands.terminal import AsJson, ConfigFile, config_or_exit
from dopusk.terminal_enrolment import EnrolmentFailed
from dopusk.terminal_enrolment import enrol as enrol_at
from dopusk.terminal_enrolment import renew as renew_at
from dopusk.terminal_sync import make_forwarder
from dopusk.told import told
from dopusk.words import say
from sync.link_report import LinkReport
from terminal.clock import SystemClock
from terminal.config import LEAST_MEDIA_DAYS, TerminalConfig
from terminal.store.database import KeyFile, StoreError, derive_key, open_existing
from terminal.store.media_files import MediaFiles
from terminal.store.recover import recover_file as recover_into
from terminal.store.set_aside import set_aside
from terminal.store.tidy import tidy as tidy_store

CentreUrl = Annotated[str, typer.Option("--centre", help="Address of the centre, such as https://centre.example.")]


def enrol(
    code: Annotated[str, typer.Option(help="The one-time code of five groups that the centre gave.")],
    centre: CentreUrl,
    folder: Annotated[Path, typer.Option(help="Where terminal.toml and keys/ are, or will be.")] = Path(),
) -> None:
    """Make keys, get a certificate, the broker's address and the trust anchor, in one step."""
    try:
        enrolled = enrol_at(folder, code, centre)
    except EnrolmentFailed as error:
        _fail(str(error))
    text = "enrolled as {terminal_id} of {org} ({generation}), certificate until {until}; {path} {what}"
    print(
        say(
            text,
            terminal_id=enrolled.terminal_id,
            org=enrolled.org,
            generation=enrolled.generation,
            until=f"{enrolled.valid_until:%Y-%m-%d}",
            path=enrolled.config_file,
            what=say("written; fill in devices and place" if enrolled.is_new_config else "kept"),
        )
    )


def renew(
    config: ConfigFile,
    centre: Annotated[
        str | None, typer.Option("--centre", help="Another centre than the one where the terminal was enrolled.")
    ] = None,
    within_days: Annotated[int, typer.Option(min=0, help="Renew when the certificate ends within so many days.")] = 30,
) -> None:
    """Renew the terminal's certificate before it ends. The sync process takes the new one by itself."""
    try:
        until = renew_at(config_or_exit(config), centre, before=timedelta(days=within_days))
    except EnrolmentFailed as error:
        _fail(str(error))
    print(say("not due yet") if until is None else say("renewed until {until}", until=f"{until:%Y-%m-%d}"))


def tidy(
    config: ConfigFile,
    media_days: Annotated[
        int | None,
        typer.Option(min=LEAST_MEDIA_DAYS, help="Photos and videos are kept so many days; otherwise as configured."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remove photos and videos that the centre has and whose time is over. Records stay."""
    loaded = config_or_exit(config)
    now = SystemClock().now()
    try:
        keys = KeyFile(loaded.files.master_key)
        with closing(open_existing(loaded.files.store, keys)) as db:
            media = MediaFiles(loaded.files.media, derive_key(keys.master_key(), "media"))
            days = loaded.media.keep_days if media_days is None else media_days
            gone = tidy_store(db, media, now.at, clock_trusted=now.trusted, media_days=days)
    except StoreError as error:
        _fail(str(error))
    if as_json:
        facts = {"chunks": gone.chunks, "files": gone.files, "held": gone.held, "waits_for": gone.waits_for}
        print(json.dumps(facts | {"clock_trusted": now.trusted}))
        return
    print(say("{files} files removed, {chunks} sent chunks emptied", files=gone.files, chunks=gone.chunks))
    if gone.held:
        print(say("{held} files stay although their time is over: a hold of the centre keeps them", held=gone.held))
    if gone.waits_for == "clock":
        print(say("the clock is not known to be right: nothing was removed by age (service engineer: time server)"))
    elif gone.waits_for == "link":
        print(say("the centre has not answered lately: nothing was removed by age before its holds are known"))
    elif gone.waits_for == "holds":
        print(say("there is no list of holds of today: nothing was removed by age before the centre sends it"))


def recover(
    config: ConfigFile,
    store: Annotated[
        Path | None, typer.Argument(help="A store that was set aside; without it, the oldest one.")
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send what the centre has not receipted.")] = False,
    wait_s: Annotated[float, typer.Option(min=1, help="Seconds to wait for the centre's receipts.")] = 120.0,
    as_json: AsJson = False,
) -> None:
    """Read what can be read of a damaged store that was set aside, and send what never reached the centre."""
    loaded = config_or_exit(config)
    damaged = store or next(iter(set_aside(loaded.files.store)), None)
    if damaged is None:
        _fail(say("no store was set aside here"))
    if not damaged.is_file():
        _fail(say("{path}: there is no such file", path=damaged))
    if not loaded.files.master_key.exists():
        _fail(
            say("{path}: the master key is not there, and without it nothing can be read", path=loaded.files.master_key)
        )
    target = damaged.with_name(f"{damaged.name}.recovered")
    try:
        master = KeyFile(loaded.files.master_key).master_key()
        if not target.exists():
            found = recover_into(damaged, target, master)
            rows = ", ".join(f"{table} {count}" for table, count in found.rows.items())
            facts = {"rows": found.rows, "unreadable": found.unreadable, "unsent": found.unsent, "target": str(target)}
            text = "{path}: {rows}; {unsent} messages without receipt"
            print(json.dumps(facts) if as_json else say(text, path=target, rows=rows, unsent=found.unsent))
            for table, ranges in found.unreadable.items():
                for first, last in ranges:
                    if not as_json:
                        print(say("unreadable: {table} {first} to {last}", table=table, first=first, last=last))
    except (StoreError, OSError) as error:
        _fail(f"{error}; nothing more can be read of it here, keep the file for a laboratory")
    if send:
        files = loaded.files.model_copy(update={"store": target})
        if not _send(loaded.model_copy(update={"files": files}), master, wait_s):
            _fail(say("not everything was receipted; run it again, it goes on where it stopped"))
        print(say("everything that could be read is at the centre"))


def _send(config: TerminalConfig, master: bytes, wait_s: float) -> bool:
    """Run a forwarder on the recovered store until nothing is queued. Stop `dopusk terminal sync` first."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    done = threading.Event()

    def look(report: LinkReport) -> None:
        if report.connected and report.backlog is not None and report.backlog.queued == 0:
            done.set()

    forwarder = make_forwarder(config, master, on_link=look)
    thread = threading.Thread(target=forwarder.run, name="recovery")
    thread.start()
    is_done = done.wait(wait_s)
    forwarder.stop()
    thread.join()
    return is_done


def _fail(message: str) -> NoReturn:
    typer.echo(told(message), err=True)
    raise typer.Exit(1)
