"""The day that the demo's console shows: exams decided earlier today, one left unfinished, and some that wait for the medic.

Invented values of invented people, marked as a demonstration's like everything here. The pictures are the simulated camera's
portraits in the public domain.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from central.core.media_files import MediaFiles
from central.deciding.decision_record import DecisionDraft
from central.store.limits import StoredLimit
from dopusk.lab.demo.sample_judging import finished, repeated
from dopusk.lab.demo.sample_people import ORG, PEOPLE, SampleIds
from simulators.camera_scenes import PORTRAITS
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import new_id
from sync.contract.model import utc_text

LOOKED = {"skin": "normal", "mucous": "normal", "behaviour": "normal"}


@dataclass(frozen=True, slots=True)
class Decided:
    """One exam of today with what the medic decided on it, and what was printed. `then` is a later correction."""

    payload: dict[str, Any]
    outcome: str
    reasons: tuple[str, ...] = ()
    comment: str = ""
    released_text: str = ""
    visual: Mapping[str, str] = field(default_factory=lambda: LOOKED)
    papers: tuple[str, ...] = ()
    then: "Decided | None" = None

    def draft(self, corrects: str | None = None) -> DecisionDraft:
        """What the medic fills in."""
        return DecisionDraft(
            self.payload["exam_id"],
            self.outcome,
            self.reasons,
            comment=self.comment,
            override_reason=self.comment if self.outcome == "admitted" and corrects else "",
            released_text=self.released_text,
            visual=self.visual,
            corrects=corrects,
        )


class SampleDay:
    """Makes the payloads of one day for a terminal."""

    def __init__(
        self,
        people: SampleIds,
        generation: str,
        files: MediaFiles,
        now: datetime,
        limits: Sequence[StoredLimit] = (),
    ) -> None:
        self._limits = limits
        self._people, self._generation, self._files, self._now = people, generation, files, now
        self._dice = random.Random(11)  # sample values, no secret

    def decided(self) -> list[Decided]:
        """Earlier today: an admission with its mark, a refusal for alcohol, one sent to a doctor, one corrected."""
        drunk = self._drunk(self._exam("1004", minutes_ago=190))
        unwell = self._exam("1008", minutes_ago=150)
        unwell["complaints"] = {"feels_well": False, "codes": ["dizziness"], "text": "Кружится голова при наклоне"}
        high = self._exam("1003", minutes_ago=120, systolic_mmhg=158)
        admitted_then = Decided(high, "admitted", comment="В медпункте тонометром 122/78, самочувствие хорошее")
        for payload in (drunk, unwell, high):
            self._finish(payload)
        return [
            Decided(self._exam("1002", minutes_ago=220, picture="eileen_collins.jpg"), "admitted", papers=("mark",)),
            Decided(
                drunk,
                "not_admitted",
                ("alcohol_breath",),
                released_text="Пройдите в медпункт, кабинет 4.",
                visual=LOOKED | {"behaviour": "changed"},
                papers=("refusal", "sobriety"),
            ),
            Decided(
                unwell, "refer", ("complaints",), released_text="Пройдите к врачу, кабинет 2.", papers=("refusal",)
            ),
            Decided(high, "not_admitted", ("pressure_high",), then=admitted_then),
        ]

    def unfinished(self) -> list[dict[str, Any]]:
        """One that somebody walked away from after the temperature."""
        left = self._exam("1008", minutes_ago=160)
        left |= {"state": "unfinished", "end_reason": "interrupted", "measurements": left["measurements"][:1]}
        return [self._finish(left)]

    def waiting(self) -> list[dict[str, Any]]:
        """Just measured: high pressure twice with a complaint, alcohol, and one whose first blow was too weak."""
        high = self._exam("1005", minutes_ago=26, systolic_mmhg=162, picture="grace_hopper.jpg")
        high["complaints"] = {"feels_well": False, "codes": ["headache"], "text": "Болит голова с вечера"}
        repeated(high, "pressure", {"systolic_mmhg": 171, "diastolic_mmhg": 98}, new_id())
        weak = self._exam("1008", minutes_ago=2, picture="eileen_collins.jpg")
        blow = weak["measurements"][2]
        weak["failures"] = [
            {
                "step": "breath",
                "attempt": 1,
                "at": weak["measurements"][1]["at"],
                "device_id": blow["device"]["device_id"],
                "kind": "DeviceFault",
                "code": "flow",
                "message": "Dingo: the breath was too weak",
                "act": "worker",
            }
        ]
        blow["attempt"] = 2
        drunk = self._drunk(self._exam("1003", minutes_ago=19))
        return [self._finish(payload) for payload in (high, drunk, weak)]

    def _exam(
        self, number: str, *, minutes_ago: int, systolic_mmhg: int | None = None, picture: str = ""
    ) -> dict[str, Any]:
        person = next(one for one in PEOPLE if one.personnel_number == number)
        payload = exam_payload(
            self._dice,
            org=ORG,
            worker_id=self._people.workers[number],
            employer_id=self._people.employers[person.employer],
            generation=self._generation,
            started_at=self._now - timedelta(minutes=minutes_ago),
            systolic_mmhg=systolic_mmhg,
        )
        if systolic_mmhg is not None:
            payload["measurements"][1]["values"]["diastolic_mmhg"] = round(systolic_mmhg * 0.59)
        self._finish(payload)
        if picture:
            content = (PORTRAITS / picture).read_bytes()
            payload["media"] = [
                {
                    "sha256": self._files.keep(content),
                    "kind": "photo",
                    "content_type": "image/jpeg",
                    "size_bytes": len(content),
                    "step": "face",
                    "at": utc_text(self._now - timedelta(minutes=minutes_ago)),
                }
            ]
        return payload

    def _drunk(self, payload: dict[str, Any]) -> dict[str, Any]:
        payload["measurements"][2]["values"] = {"breath_alcohol_mg_per_l": 0.395}
        repeated(payload, "breath", {"breath_alcohol_mg_per_l": 0.412}, new_id())
        return payload

    def _finish(self, payload: dict[str, Any]) -> dict[str, Any]:
        return finished(payload, self._limits, self._now)
