"""`dopusk demo`: one whole examination, from the bytes on the serial line to the medic's signed decision on the kiosk."""

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from httpx import HTTPError

from central.core.trust import Trust
from central.deciding.decisions import export
from central.store.engine import open_engine
from dopusk.commands.choices import one_of
from dopusk.lab.broker import BrokerError
from dopusk.lab.demo.director import Director, Trouble, faults_of
from dopusk.lab.demo.hand import KioskTrouble
from dopusk.lab.demo.history import ACCOUNTS
from dopusk.lab.demo.medic import MedicTrouble
from dopusk.lab.demo.processes import ProcessTrouble
from dopusk.lab.demo.result import empty_folder, pictures_folder, summary, write_last_line
from dopusk.lab.demo.scenarios import SCENARIOS
from dopusk.lab.demo.world import SERVICE_PIN, World, build_world
from dopusk.lab.left_behind import nothing_left_behind
from dopusk.told import error_words, is_unforeseen, told
from dopusk.words import say, word

PICTURES = Path("demo-output")


def demo(
    scenario: Annotated[str, typer.Option(help="One of: " + ", ".join(SCENARIOS) + ".")] = "admitted",
    speed: Annotated[
        float, typer.Option(min=0.1, max=100, help="How many times faster the simulated devices are.")
    ] = 1.0,
    once: Annotated[
        bool, typer.Option("--once", help="A scripted worker and medic play the scenario, then all ends.")
    ] = False,
    headless: Annotated[bool, typer.Option("--headless", help="No window, even if there is a display.")] = False,
    export_decision: Annotated[
        Path | None, typer.Option(help="Write decision.cms, record.json and ca.pem of the decision into this folder.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the folder with stores, keys and logs.")] = False,
    exams: Annotated[
        int,
        typer.Option(min=0, help="So many exams of invented organisations more, as `dopusk central populate` makes."),
    ] = 0,
) -> None:
    """Play a whole examination: broker, centre, simulated devices on real lines, kiosk, and a medic in the console.

    The last line of the output is one JSON object. Exit code 0 when the scenario ended as it should.
    """
    one_of(scenario, SCENARIOS, "--scenario")
    has_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and not headless
    by_hand = has_display and not once
    tell = _storyteller()
    folder = Path(tempfile.mkdtemp(prefix="dopusk-demo-"))
    pictures = pictures_folder(PICTURES)
    tell(say("demo    {scenario}: {about}", scenario=scenario, about=word(SCENARIOS[scenario].about)))
    try:
        with nothing_left_behind(folder):
            story = SCENARIOS[scenario]
            world = build_world(
                folder,
                speed,
                with_past=not once,
                compares=story.compares,
                exams=exams,
                operator_folder=empty_folder(PICTURES / "waybills"),
            )
            with contextlib.closing(world):
                ports = ", ".join(world.bench.port(name) for name in ("thermometer", "tonometer", "breathalyzer"))
                text = "broker  Mosquitto with TLS and client certificates on port {port}"
                tell(say(text, port=world.broker.port))
                tell(say("devices on real lines: {ports}", ports=ports))
                director = Director(
                    world,
                    SCENARIOS[scenario],
                    pictures,
                    tell,
                    headless=not has_display,
                    opened=lambda address: _tell_logins(world, address),
                )
                with contextlib.closing(director):
                    director.open()
                    code, result = (
                        _by_hand(world, director, tell)
                        if by_hand
                        else _play(world, director, scenario, export_decision, tell)
                    )
                    if not once and not by_hand:
                        text = "demo    exam {exam_id}: {outcome}"
                        tell(say(text, exam_id=result["exam_id"], outcome=word(result["outcome"])))
                        _let_some_wait(world, tell)
                        _stay_open(world, tell)
                    write_last_line(result)
    except (BrokerError, KioskTrouble, MedicTrouble, ProcessTrouble, Trouble, HTTPError, LookupError, OSError) as error:
        if is_unforeseen(error):
            raise
        typer.echo(say("demo: {error}", error=error_words(error)), err=True)
        typer.echo(_last_lines(folder), err=True)
        typer.echo(say("demo: logs are kept in {folder}", folder=folder), err=True)
        keep, code = True, 1
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    raise typer.Exit(code)


def _play(
    world: World, director: Director, scenario: str, export_folder: Path | None, tell: Any
) -> tuple[int, dict[str, Any]]:
    """Exit code, and what the last line of the output will say."""
    director.play()
    if director.pictures:
        text = "demo    {count} pictures are in {folder}/"
        tell(say(text, count=len(director.pictures), folder=PICTURES))
    result = summary(
        director.config, world.config.store_url, screenshots=director.pictures, timings_s=director.timings_s
    )
    result["waybill_title"] = director.waybill_title()
    result["gate_openings"] = director.gate_openings()
    if export_folder is not None and result["decision"] is not None:
        engine = open_engine(world.config.store_url)
        export(engine, Trust(world.config.keys.authority_dir), result["decision"]["decision_id"], export_folder)
        engine.dispose()
        tell(say("demo    the signed decision is in {folder}", folder=export_folder))
    faults = faults_of(result, SCENARIOS[scenario])
    for fault in faults:
        typer.echo(say("demo: not as it should be: {fault}", fault=told(fault)), err=True)
    return (1 if faults else 0), result


def _by_hand(world: World, director: Director, tell: Any) -> tuple[int, dict[str, Any]]:
    _let_some_wait(world, tell)
    text = "demo    the kiosk's window is open: try number 1001, or 1006 and 1007 for people who must go elsewhere"
    tell(say(text))
    tell(say("demo    close the window to end"))
    try:
        director.wait_for_kiosk()
    except KeyboardInterrupt:
        tell(say("demo    ends"))
    try:
        return 0, summary(director.config, world.config.store_url, screenshots=[], timings_s=director.timings_s)
    except LookupError:
        return 0, {"exam_id": None, "outcome": None}  # nobody was examined


def _let_some_wait(world: World, tell: Any) -> None:
    if world.past is not None:
        tell(say("queue   {count} sample exams wait for the medic", count=world.past.let_some_wait()))


def _tell_logins(world: World, address: str) -> None:
    """All that somebody needs who opens the console or the kiosk now: short, aligned, in one place."""
    login = world.login
    others = [account.username for account in ACCOUNTS] if world.past is not None else []
    rows = [
        (say("console"), address),
        (say("login"), ", ".join([login.username, *others])),
        (say("password"), login.password),
        (say("signing key's passphrase"), login.passphrase),
        (say("PIN of the kiosk's service screen"), SERVICE_PIN),
    ]
    if world.population is not None:
        made = world.population
        names = ", ".join([*made.titles.others.values(), made.titles.medics[0]])
        rows += [
            (say("logins of the invented organisations"), names),
            (say("their password"), made.password),
            (say("their medics' passphrase"), made.passphrase),
        ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"    {name:<{width}}  {value}", flush=True)


def _stay_open(world: World, tell: Any) -> None:
    tell(say("demo    the console stays open"))
    _tell_logins(world, world.config.http.public_url)
    try:
        tell(say("demo    press Ctrl-C to end"))
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        tell(say("demo    ends"))


def _last_lines(folder: Path) -> str:
    """The end of each process's log, so that the cause is seen without looking for it."""
    tails = []
    for log in sorted(folder.glob("*.log")):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
        tails += [f"--- {log.name}", *lines] if lines else []
    return "\n".join(tails)


def _storyteller() -> Any:
    began_s = time.monotonic()

    def tell(line: str) -> None:
        print(f"[{time.monotonic() - began_s:5.1f} s] {line}", flush=True)

    return tell
