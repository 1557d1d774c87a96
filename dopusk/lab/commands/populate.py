"""`dopusk central populate`: a centre of any size to try things on, filled with invented people and exams."""

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import typer

from central.core.clock import now_utc
from dopusk.commands.central import ConfigFile, open_centre, plain_errors
from dopusk.lab.population.filling import Population
from dopusk.lab.population.filling import populate as fill
from dopusk.lab.population.plan import Plan
from dopusk.words import say, word

_TOLD_EVERY_S = 2.0
_WAITING = 20
_OF_EXAMS = 50
_BROKEN_OFF = 130
"""As shells have it for Ctrl-C."""


def populate(
    config: ConfigFile,
    organisations: Annotated[int, typer.Option(help="How many medical organisations.")] = 3,
    employers: Annotated[int, typer.Option(help="How many employers, of several regions and activities.")] = 12,
    workers: Annotated[int, typer.Option(help="How many workers; some people have a second job.")] = 400,
    exams: Annotated[
        int, typer.Option(help="How many exams, all decided but those that wait or were never finished.")
    ] = 10_000,
    days: Annotated[int, typer.Option(help="Over how many days the exams go; the last one is today.")] = 60,
    seed: Annotated[int, typer.Option(help="The same number gives the same people and exams.")] = 1,
    frauds: Annotated[
        bool, typer.Option("--frauds", help="With some frauds among them; the report names the exams.")
    ] = False,
    terminals: Annotated[int, typer.Option(help="How many terminals; 0: as many as the exams need.")] = 0,
    medics: Annotated[int, typer.Option(help="How many medics; 0: as many as the exams need.")] = 0,
    waiting: Annotated[
        int | None, typer.Option(help="How many of the exams wait for a medic; without it one of fifty, at most 20.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="When the newest exam ends, by the clock of this machine; without it, now.")
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Beside what the store holds already.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Fill a centre of generation test or demo with invented organisations, employers, people and months of exams.

    Every record is signed and chained, so `dopusk verify` holds. A real centre is refused. After an interruption the same command
    goes on where it was; what was written before is whole.
    """
    waits = min(_WAITING, exams // _OF_EXAMS) if waiting is None else waiting
    ends_at = now_utc() if until is None else until.astimezone()
    progress = _Progress(exams)
    with plain_errors():
        loaded, engine = open_centre(config)
        zone = ends_at.astimezone().tzinfo
        plan = Plan(
            organisations,
            employers,
            workers,
            exams,
            days,
            seed,
            ends_at,
            frauds=frauds,
            terminals=terminals,
            medics=medics,
            waiting=waits,
            **({} if zone is None else {"zone": zone}),
        )
        try:
            made = fill(engine, loaded, plan, is_more=add, tell=progress.tell)
        except KeyboardInterrupt:
            text = "broken off after {done} of {whole} exams; what is written is whole, the same command goes on there"
            typer.echo(say(text, done=progress.done, whole=exams), err=True)
            raise typer.Exit(_BROKEN_OFF) from None
    _print(made, progress.spent_s(), as_json=as_json)


class _Progress:
    """Tells on standard error how far it is, now and then."""

    def __init__(self, whole: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._whole, self._clock, self.done = whole, clock, 0
        self._began_s = self._told_s = clock()

    def tell(self, done: int, whole: int) -> None:
        """So many are written."""
        is_first, self.done = self.done == 0, done
        if is_first or self._clock() - self._told_s >= _TOLD_EVERY_S or done == whole:
            self._told_s = self._clock()
            typer.echo(say("{done} of {whole} exams", done=done, whole=whole), err=True)

    def spent_s(self) -> float:
        """Since the beginning, in seconds."""
        return self._clock() - self._began_s


def _print(made: Population, spent_s: float, *, as_json: bool) -> None:
    plan, titles, report = made.progress.plan, made.titles, made.report
    counts = {name: getattr(plan, name) for name in ("organisations", "employers", "workers", "exams", "days", "seed")}
    counts |= {"terminals": len(made.society.gates), "medics": len(made.society.doctors)}
    accounts = [*titles.others.values(), *titles.medics]
    if as_json:
        told = counts | {
            "outcomes": dict(report.outcomes),
            "frauds": report.frauds,
            "accounts": accounts,
            "password": made.password,
            "passphrase": made.passphrase,
            "seconds": round(spent_s, 1),
        }
        print(json.dumps(told, ensure_ascii=False))
        return
    print(", ".join(f"{word(name)}: {count}" for name, count in counts.items()))
    print(
        say(
            "outcomes: {counts}",
            counts=", ".join(f"{word(name)} {count}" for name, count in report.outcomes.most_common()),
        )
    )
    for kind, exam_ids in report.frauds.items():
        print(
            say(
                "{kind}: {count} exams, for example {exam_id}",
                kind=word(kind),
                count=len(exam_ids),
                exam_id=exam_ids[0],
            )
        )
    print(
        say(
            "accounts: {names}", names=", ".join([*titles.others.values(), f"{titles.medics[0]} … {titles.medics[-1]}"])
        )
    )
    print(say("password of all accounts: {password}", password=made.password))
    print(say("passphrase of the medics' keys: {passphrase}", passphrase=made.passphrase))
