"""The scenarios of the demonstration: who comes, what the devices do, what the medic decides, how it should end."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the scripted medic writes into the form."""

    outcome: str
    reasons: tuple[str, ...] = ()
    comment: str = ""
    released_text: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story. `trouble` names what happens to the stage: a pulled cable, a dead broker, a power cut, people swapped."""

    name: str
    about: str
    number: str
    outcome: str
    verdict: str
    ruling: Ruling | None
    devices: Mapping[str, str] = field(default_factory=dict)
    """Scenario of each simulated device; the others are normal."""
    trouble: str = ""
    most_attempts: Mapping[str, int] = field(default_factory=dict)
    """How many values each step should end with; one where nothing is said."""
    face: str = "not_compared"
    """What comes of the face. Anything else needs a legal basis, a consent and a reference photo, which are set up then."""
    by_face: bool = False
    """The worker is found by the face and types no number."""
    complaint: str = ""
    """The code of what the worker complains of; nothing: feels well."""
    employer: int = 0
    """Several employers use the number: which button the worker presses, from 1. 0: the kiosk does not ask."""
    stranger: bool = False
    """Somebody else stands before the camera."""

    @property
    def compares(self) -> bool:
        return self.face != "not_compared"


_ADMIT = Ruling("admitted", comment="Противопоказаний не выявлено.")

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("admitted", "everything is in order", "1001", "admitted", "within_limits", _ADMIT),
        Scenario(
            "high_pressure",
            "the pressure is high, rests and repeats do not help; the medic refuses with a reason",
            "1003",
            "not_admitted",
            "out_of_limits",
            Ruling(
                "not_admitted",
                ("pressure_high",),
                "Трижды выше нормы с отдыхом.",
                "Давление выше нормы. Пройдите к врачу, кабинет 2.",
            ),
            devices={"tonometer": "high"},
            most_attempts={"pressure": 3},
        ),
        Scenario(
            "drunk",
            "two blows are positive; the medic refuses and the employer is alerted",
            "1004",
            "not_admitted",
            "out_of_limits",
            Ruling("not_admitted", ("alcohol_breath",), "Две пробы положительные.", "Пройдите в медпункт, кабинет 4."),
            devices={"breathalyzer": "high"},
            most_attempts={"breath": 2},
        ),
        Scenario(
            "chest_pain",
            "a complaint that cannot wait: the medic is called at once, and the exam leads the queue",
            "1004",
            "refer",
            "attention",
            Ruling("refer", (), "Боль в груди: вызвана скорая помощь.", "Ждите медработника на месте."),
            complaint="chest_pain",
        ),
        Scenario(
            "two_employers",
            "two employers use the same number: the kiosk asks where the worker works today",
            "2001",
            "admitted",
            "within_limits",
            _ADMIT,
            employer=2,
        ),
        Scenario("unknown_worker", "nobody has this number", "4711", "not_identified", "incomplete", None),
        Scenario(
            "device_unplugged",
            "the thermometer's line disappears in mid-measurement and comes back",
            "1001",
            "admitted",
            "within_limits",
            _ADMIT,
            trouble="unplug",
        ),
        Scenario(
            "offline",
            "the broker is down during the exam and comes back later; nobody is admitted meanwhile",
            "1002",
            "admitted",
            "within_limits",
            _ADMIT,
            trouble="offline",
        ),
        Scenario(
            "power_cut",
            "the kiosk is killed in mid-measurement, started again, and goes on with what is on the disk",
            "1002",
            "admitted",
            "within_limits",
            _ADMIT,
            trouble="power_cut",
        ),
        Scenario(
            "face",
            "with a legal basis and a consent: the photo comes down, the worker is found by the face, and it is the same one",
            "1002",
            "admitted",
            "within_limits",
            _ADMIT,
            face="same",
            by_face=True,
        ),
        Scenario(
            "face_other",
            "with a legal basis and a consent: somebody else types the number; the face is another, and nobody is admitted",
            "1002",
            "not_identified",
            "attention",
            Ruling(
                "not_identified",
                ("identity_doubt",),
                "Перед камерой другой человек.",
                "Личность не подтверждена. Пройдите в медпункт, кабинет 4.",
            ),
            face="not_same",
            stranger=True,
        ),
        Scenario(
            "person_changed",
            "with a legal basis and a consent: before the cuff somebody else takes the worker's place; the exam stops",
            "1002",
            "interrupted",
            "incomplete",
            None,
            trouble="swap",
            face="same",
        ),
    )
}
