"""People and firms of the demo, plainly invented. Their SNILS begin with 900 and carry right check numbers."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection

from central.core.parties import Employer, Organisation, Terminal, Worker
from central.people.registry import Registry
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import new_id
from sync.contract.snils import check_number

ORG = "zarya"
OID = "1.2.643.5.1.13.13.12.2.77.99999"
"""Of the form that the federal register of organisations gives; an invented one."""
MEDIC_NUMBER = "7001"
"""What the medic's SNILS is made of, apart from those of workers."""
TERMINAL_ID = "kiosk-1"
HISTORY_TERMINAL_ID = "kiosk-archive"
HISTORY_DAYS = 45


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """One invented worker. `note` says what the demo shows with this number."""

    personnel_number: str
    full_name: str
    position: str
    sex: Literal["male", "female"]
    birth_date: date
    employer: int
    note: str
    card: str = ""
    status: Literal["active", "suspended"] = "active"
    remote_allowed: bool = True
    block_text: str = ""


EMPLOYERS = ("ООО «Ромашка-Транс»", "АО «Вымышленный карьер»")

PEOPLE = (
    SamplePerson(
        "1001", "Ветров Степан Ильич", "водитель автобуса", "male", date(1981, 3, 14), 0, "healthy", card="04A1B2C3"
    ),
    SamplePerson("1002", "Заречная Ольга Марковна", "водитель погрузчика", "female", date(1990, 7, 2), 0, "healthy"),
    SamplePerson(
        "1003", "Громов Пётр Савельевич", "машинист экскаватора", "male", date(1969, 11, 23), 1, "high pressure"
    ),
    SamplePerson("1004", "Полянский Игнат Львович", "водитель грузовика", "male", date(1986, 1, 30), 0, "drunk"),
    SamplePerson("1005", "Лугова Вера Тихоновна", "электромонтёр", "female", date(1962, 5, 9), 1, "raised pressure"),
    SamplePerson(
        "1006",
        "Остапов Назар Ефимович",
        "водитель автобуса",
        "male",
        date(1978, 9, 17),
        0,
        "suspended",
        status="suspended",
        block_text="Вы временно отстранены. Обратитесь в отдел кадров.",
    ),
    SamplePerson(
        "1007",
        "Кремнёв Роман Захарович",
        "водитель бензовоза",
        "male",
        date(1974, 12, 5),
        0,
        "dangerous goods: in person only",
        remote_allowed=False,
        block_text="Перевозка опасных грузов: осмотр только очно. Пройдите в медпункт, кабинет 4.",
    ),
    SamplePerson("1008", "Тихая Анна Глебовна", "оператор дробилки", "female", date(1999, 4, 21), 1, "healthy"),
)


SHARED = (
    SamplePerson("2001", "Озеров Лука Наумович", "водитель автобуса", "male", date(1984, 6, 11), 0, "healthy"),
    SamplePerson("2001", "Яблонева Дарья Климовна", "машинист крана", "female", date(1991, 2, 8), 1, "healthy"),
)
"""One number at two employers."""


@dataclass(frozen=True, slots=True)
class SampleIds:
    """Ids under which the people were entered: employers in the order of `EMPLOYERS`, workers by number."""

    employers: tuple[str, ...]
    workers: dict[str, str]


def enter_people(connection: Connection, registry: Registry, terminal_ids: Sequence[str] = (TERMINAL_ID,)) -> SampleIds:
    """Enter the organisation, both employers, all people and the terminals, in the caller's transaction."""
    registry.add_organisation(
        connection,
        Organisation(ORG, "Медпункт «Заря»", "Л041-00000-00/00000000 от 01.02.2024", oid=OID, oid_source="form"),
    )
    employers = tuple(
        registry.add_employer(
            connection, Employer(ORG, name, region_code="77", okved="49.31", alert_contact="диспетчер, доб. 100")
        )
        for name in EMPLOYERS
    )
    workers = [_worker(person, employers) for person in PEOPLE]
    registry.save_workers(connection, workers)
    for place, terminal_id in enumerate(terminal_ids, start=1):
        registry.add_terminal(connection, Terminal(terminal_id, ORG, f"Терминал {place}", f"Проходная {place}"))
    return SampleIds(employers, {worker.personnel_number: worker.worker_id for worker in workers})


def enter_second_jobs(
    connection: Connection, registry: Registry, ids: SampleIds, terminal_id: str = TERMINAL_ID
) -> None:
    """One number at both employers, a person with a job at each of them, and a terminal bound to both."""
    shared = [
        replace(_worker(person, ids.employers), snils=sample_snils(f"9{place}01"))
        for place, person in enumerate(SHARED, start=1)
    ]
    second = replace(
        _worker(PEOPLE[7], ids.employers), employer_id=ids.employers[0], personnel_number="77", worker_id=new_id()
    )
    registry.save_workers(connection, [*shared, second])
    registry.bind_terminal(connection, terminal_id, ids.employers)


def past_exams(ids: SampleIds, *, generation: str, seed: int = 7, today: date | None = None) -> list[dict[str, Any]]:
    """Payloads of finished exams of the last weeks, oldest first, for charts and lists: three people, some deviations."""
    dice = random.Random(seed)  # sample values, no secret
    base = today or datetime.now(UTC).date()
    payloads = []
    for day in range(HISTORY_DAYS, 0, -3):
        for person in (PEOPLE[0], PEOPLE[2], PEOPLE[4]):
            moment = datetime.combine(base - timedelta(days=day), datetime.min.time(), UTC)
            started = moment + timedelta(hours=3, minutes=dice.randint(0, 90))
            payloads.append(
                exam_payload(
                    dice,
                    org=ORG,
                    worker_id=ids.workers[person.personnel_number],
                    employer_id=ids.employers[person.employer],
                    generation=generation,
                    started_at=started,
                    systolic_mmhg=_systolic(person, dice),
                )
            )
    return payloads


def sample_snils(personnel_number: str) -> str:
    """An invented SNILS of a person of the demo, with the right check number."""
    nine = f"90000{personnel_number}"
    return f"{nine[:3]}-{nine[3:6]}-{nine[6:]} {check_number(nine):02d}"


def _worker(person: SamplePerson, employers: Sequence[str]) -> Worker:
    return Worker(
        ORG,
        employers[person.employer],
        person.personnel_number,
        person.full_name,
        person.position,
        snils=sample_snils(person.personnel_number),
        cards=(person.card,) if person.card else (),
        sex=person.sex,
        birth_date=person.birth_date,
        status=person.status,
        remote_allowed=person.remote_allowed,
        block_text=person.block_text,
        toxicology_at=datetime.now(UTC).date() - timedelta(days=60),
    )


def _systolic(person: SamplePerson, dice: random.Random) -> int:
    if person.note == "high pressure":
        return dice.randint(128, 152)
    return dice.randint(124, 138) if person.note == "raised pressure" else dice.randint(108, 130)
