"""Reminders of documents that end: one letter for each step, taken back by a newer document, without a word of a finding."""

import email
import email.policy
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from central.core.config import NoticesConfig
from central.core.days import day_of
from central.grounds import reminding
from central.grounds.reminding import step_of
from central.notifying.notice_channels import ChannelSecrets, add_channel
from central.notifying.notices import Notifier
from central.people import contacts
from central.store.engine import reading, writing
from central.store.notices import channel, notice
from central.store.registry import worker
from central.store.reminders import reminder
from central.words.texts import catalogue
from tests.console_centre import Browser, ConsoleCentre
from tests.outside import MailServerOutside, running
from tests.unit.console.test_ground_rules import a_book, publish, send, senior

__all__ = ["senior"]
SECRETS = ChannelSecrets(b"s" * 32)


class Post:
    """The daily job and the notifier of a centre, on days that the test names, with a mail server of its own."""

    def __init__(self, centre: ConsoleCentre, server: MailServerOutside, port: int) -> None:
        self._centre, self._server = centre, server
        config = NoticesConfig(smtp_host="127.0.0.1", smtp_port=port, smtp_starttls=False)
        registry = centre.registry
        self._notifier = Notifier(
            centre.engine,
            config,
            SECRETS,
            centre.now,
            worker_address=lambda connection, person_id: contacts.read(connection, registry, person_id).email,
        )

    def on(self, days: int) -> list[str]:
        """The letters of that day, counted from today."""
        self._centre.shift = timedelta(days=days)
        before = len(self._server.taken)
        reminding.look(self._centre.engine, self._centre.now())
        self._notifier.step()
        return self._server.taken[before:]


@pytest.fixture(autouse=True)
def letters_of_the_test_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The console that runs beside it would deliver too, whenever it wakes, and it knows no mail server."""
    monkeypatch.setattr(Notifier, "start", lambda self: None)
    monkeypatch.setattr(Notifier, "stop", lambda self: None)


@pytest.fixture
def post(centre: ConsoleCentre) -> Iterator[Post]:
    server = MailServerOutside()
    with running(server) as outside, writing(centre.engine) as connection:
        add_channel(connection, centre.people.employers[0], "email", "boss@rosa.example", "", SECRETS, now=centre.now())
        port = outside.port
        connection.commit()
        yield Post(centre, server, port)


def words(letter: str) -> str:
    parsed = email.message_from_string(letter, policy=email.policy.default)
    return f"{parsed['Subject']}\n{parsed.get_content()}"


def test_a_document_that_ends_in_thirty_days_makes_one_letter_none_the_next_day_and_the_next_at_fourteen(
    centre: ConsoleCentre, senior: Browser, post: Post
) -> None:
    publish(senior, attr__when="over", attr__okved="")
    until = day_of(centre.now()) + timedelta(days=30)
    send(senior, centre, a_book(until))
    (first,) = post.on(0)
    said = words(first)
    assert "1001" in said
    assert "Медкнижка" in said
    assert f"{until:%d.%m.%Y}" in said
    assert [len(post.on(day)) for day in (1, 15)] == [0, 0]
    assert [len(post.on(day)) for day in (16, 17, 23, 29, 30, 31)] == [1, 0, 1, 1, 1, 0]
    with reading(centre.engine) as connection:
        steps = connection.execute(select(reminder.c.days).order_by(reminder.c.reminder_id)).scalars().all()
        assert steps == [30, 14, 7, 1, 0]
        assert all(connection.execute(select(reminder.c.delivered_at)).scalars())


def test_a_worker_whose_address_is_known_gets_a_letter_too_without_name_number_or_finding(
    centre: ConsoleCentre, senior: Browser, post: Post
) -> None:
    publish(senior, attr__when="over", attr__okved="")
    until = day_of(centre.now()) + timedelta(days=14)
    with reading(centre.engine) as connection:
        chosen = worker.c.personnel_number == "1001"
        person_id = connection.execute(select(worker.c.person_id).where(chosen)).scalar_one()
    page = f"/persons/{person_id}"
    assert senior.post(f"{page}/contacts", {"phone": "", "email": "vetrov@mail.example"}, page=page).status_code == 303
    send(senior, centre, a_book(until) | {"Заключение": "ограничения"})
    to_employer, to_worker = sorted(post.on(0), key=lambda letter: "vetrov@mail.example" in letter)
    assert "boss@rosa.example" in to_employer
    said = words(to_worker)
    for word in ("заканчивается ваш документ", "Медкнижка", f"{until:%d.%m.%Y}"):
        assert word in said, word
    for word in ("1001", "Ветров", "ограничения"):
        assert word not in to_worker + said, word
    assert [len(post.on(day)) for day in (1, 7)] == [0, 2]
    with reading(centre.engine) as connection:
        (row,) = connection.execute(select(channel).where(channel.c.kind == "worker_email")).mappings()
        assert row["address"] == "", "it stands sealed with the person alone"
        told = connection.execute(select(notice.c.body, notice.c.last_error)).all()
    assert "vetrov" not in str(told)
    # Who takes the address off the record gets no more letters.
    centre.shift = timedelta()
    assert senior.post(f"{page}/contacts", {"phone": "", "email": ""}, page=page).status_code == 303
    assert len(post.on(13)) == 1


def test_a_newer_document_stops_the_reminders(centre: ConsoleCentre, senior: Browser, post: Post) -> None:
    publish(senior, attr__when="over", attr__okved="")
    today = day_of(centre.now())
    send(senior, centre, a_book(today + timedelta(days=14)))
    assert len(post.on(0)) == 1
    send(senior, centre, a_book(today + timedelta(days=400)))
    assert [len(post.on(day)) for day in (7, 13, 14)] == [0, 0, 0]


def test_a_letter_that_waits_is_taken_back_by_a_newer_document(
    centre: ConsoleCentre, senior: Browser, post: Post
) -> None:
    publish(senior, attr__when="over", attr__okved="")
    today = day_of(centre.now())
    send(senior, centre, a_book(today + timedelta(days=14)))
    reminding.look(centre.engine, centre.now())
    send(senior, centre, a_book(today + timedelta(days=400)))
    assert post.on(0) == []
    with reading(centre.engine) as connection:
        assert connection.execute(select(reminder.c.taken_back_at)).scalar_one() is not None


def test_no_letter_and_no_page_of_the_employer_has_a_word_of_a_finding(
    centre: ConsoleCentre, senior: Browser, post: Post
) -> None:
    publish(senior, attr__when="over", attr__okved="", attr__kind="psychiatric", attr__effect="not_allowed")
    day = f"{day_of(centre.now()) + timedelta(days=3):%d.%m.%Y}"
    row = {"Вид": "психиатрическое", "Действует до": day, "Заключение": "ограничения", "Примечание": "наблюдение"}
    send(senior, centre, row)
    letters = [words(one).lower() for one in (*post.on(0), *post.on(4))]
    assert len(letters) >= 2
    told = "\n".join(letters)
    texts = catalogue("ru")
    findings = [texts[f"ground.finding.{name}"] for name in ("fit", "restricted", "unfit")]
    for word in (*findings, "наблюдение", "психиатр", "диагноз", "медкнижк"):
        assert word.lower() not in told, word
    assert "документ" in letters[0], "a kind without a name in public is called a document"
    assert "не проходит осмотр на терминале" in told


@pytest.mark.parametrize(
    ("days_left", "warn_days", "step"),
    [
        *((31, 30, None), (30, 30, 30), (25, 30, 30), (14, 30, 14), (13, 30, 14), (7, 30, 7), (1, 30, 1), (0, 30, 0)),
        *((-1, 30, None), (20, 10, None), (10, 10, 14), (45, 60, None)),
    ],
)
def test_each_day_has_its_step(days_left: int, warn_days: int, step: int | None) -> None:
    assert step_of(days_left, warn_days) == step
