"""The basis of a sample exam: the register's instruments, the limits in force then, the rests due.

One source for each: instruments and their verification from `sample_registers`, limits from the stored entries of the organisation
and the book that terminals come with, rests from the example configuration. Exam, register, fleet and limits page cannot differ.
"""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from central.people.limits import default_entries
from central.store.limits import StoredLimit
from config import EXAMPLE_TERMINAL
from dopusk.lab.demo.sample_registers import instruments_at
from sync.contract.exam import Measurement
from sync.contract.health import DeviceHealth
from sync.contract.limits import LimitEntry, out_of_limits, resolve
from sync.contract.model import utc_text

CUFF = timedelta(seconds=45)
"""How long an attempt with the cuff takes."""


def finished(payload: dict[str, Any], stored: Iterable[StoredLimit], now: datetime) -> dict[str, Any]:
    """The payload with instruments, limits and verdict filled in; returns it. Call when its values are what they should be."""
    started = datetime.fromisoformat(payload["started_at"])
    names = {item.measures: item for item in instruments_at(archive=True)}
    for measurement in payload["measurements"]:
        item = names[measurement["step"]]
        measurement["device"] |= {
            "maker": item.maker,
            "model": item.model,
            "serial": item.serial,
            "verified_until": item.verified_until(now.date()).isoformat(),
        }
    worker, employer = payload["examinee"]["worker_id"], payload["examinee"]["employer_id"]
    entries = [*map(LimitEntry.model_validate, default_entries()), *_entries(stored, started)]
    limits = resolve(entries, worker_id=worker, employer_id=employer, on=started.date())
    payload["limits"] = [limit.model_dump(mode="json", exclude_none=True) for limit in limits]
    payload["rule_verdict"] = _verdict(payload, limits)
    return payload


def rest_of(step: str) -> timedelta:
    """The rest that the rules ask for before a repeat of a step."""
    return timedelta(seconds=_configured()["exam"]["repeats"][step]["rest_s"])


def repeated(payload: dict[str, Any], step: str, earlier_values: dict[str, Any], message_id: str) -> None:
    """Put an earlier attempt of a step before the one that is there, with the rest between; what follows comes later."""
    later = next(item for item in payload["measurements"] if item["step"] == step)
    place = payload["measurements"].index(later)
    pause = rest_of(step) + CUFF
    earlier = later | {
        "measurement_id": message_id,
        "values": later["values"] | earlier_values,
        "device": dict(later["device"]),
    }
    for item in payload["measurements"][place:]:
        item["at"] = _later(item["at"], pause)
    payload["finished_at"] = _later(payload["finished_at"], pause)
    later["attempt"] = 2
    payload["measurements"].insert(place, earlier)


def archive_health(now: datetime) -> tuple[DeviceHealth, ...]:
    """What the terminal of the past said of its devices when it was seen last."""
    return tuple(
        DeviceHealth(
            device_id=item.measures,
            measures=item.measures,
            maker=item.maker,
            model=item.model,
            serial=item.serial,
            state="ready",
            verified_until=item.verified_until(now.date()).isoformat(),
        )
        for item in instruments_at(archive=True)
    )


def _entries(stored: Iterable[StoredLimit], at: datetime) -> Iterable[LimitEntry]:
    for item in stored:
        if item.created_at <= at and (item.withdrawn_at is None or at < item.withdrawn_at):
            yield LimitEntry.model_validate(
                {
                    "parameter": item.parameter,
                    "low": item.low,
                    "high": item.high,
                    "source": item.source,
                    "subject": item.subject,
                    "version": item.version,
                    "valid_until": item.valid_until,
                }
            )


def _verdict(payload: dict[str, Any], limits: Sequence[Any]) -> dict[str, Any]:
    last = {item["step"]: item for item in payload["measurements"]}
    judged = [item for item in payload["measurements"] if item["step"] == "breath" or item is last[item["step"]]]
    findings = [finding for item in judged for finding in out_of_limits(Measurement.model_validate(item), limits)]
    said = [finding.model_dump(mode="json", exclude_none=True) for finding in findings]
    missing = [step for step in ("temperature", "pressure", "breath") if step not in last]
    suggestion = "out_of_limits" if said else "incomplete" if missing else "within_limits"
    said += [{"parameter": step, "code": "not_measured"} for step in missing]
    if not payload["complaints"]["feels_well"]:
        suggestion = "attention" if suggestion == "within_limits" else suggestion
        said.append({"parameter": "complaints", "code": "complaints"})
    return {"suggestion": suggestion, "findings": said, "rules_version": default_entries()[0]["version"]}


def _later(at: str, by: timedelta) -> str:
    return utc_text(datetime.fromisoformat(at) + by)


@cache
def _configured() -> dict[str, Any]:
    return tomllib.loads(EXAMPLE_TERMINAL.read_text(encoding="utf-8"))
