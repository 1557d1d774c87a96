"""Views for programs that read the store by SQL: reports of a clinic, a warehouse of data. Nobody writes through them.

On PostgreSQL they stand in the schema `dopusk_read`, and a role may read them and nothing else; on SQLite they are views of the
file. They hold no SNILS, no key, no signature and no film. A value that was not measured is NULL and never nought.
"""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from central.store.exam_facts import QUANTITIES

SCHEMA = "dopusk_read"


class NoSuchRole(LookupError):
    """The database has no role of that name; its administrator makes it."""


class ViewsInUse(LookupError):
    """Somebody has built upon the views: they cannot go before that."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view: its name, what it is made of, and what it says."""

    name: str
    expression: str
    about: str


@dataclass(frozen=True, slots=True)
class View:
    """One view. `parts`: its columns and the rows they come from; parts follow each other in one view."""

    name: str
    about: str
    parts: tuple[tuple[tuple[Column, ...], str], ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.parts[0][0]

    @property
    def query(self) -> str:
        return " UNION ALL ".join(
            f"SELECT {', '.join(f'{one.expression} AS {one.name}' for one in columns)} FROM {rows}"  # noqa: S608  # words of our own
            for columns, rows in self.parts
        )


def views(*, is_sqlite: bool) -> tuple[View, ...]:
    """All views as that store has them."""
    return (_exams(), _measurements(is_sqlite=is_sqlite), _decisions(), _workers(), *_machines())


def make(connection: Connection, role: str = "") -> None:
    """Make all views anew, in the caller's transaction; on PostgreSQL `role` may read them, beside those who could before.

    Raises `NoSuchRole`.
    """
    if role and not connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).first():
        raise NoSuchRole(f"the database has no role {role}; its administrator makes it: CREATE ROLE {role} LOGIN")
    _make(connection, {*readers(connection), role} - {""})


def _make(connection: Connection, roles: Collection[str]) -> None:
    drop(connection)
    for statement in _statements(is_sqlite=connection.dialect.name == "sqlite"):
        connection.exec_driver_sql(statement)
    for one in sorted(roles):
        quoted = connection.dialect.identifier_preparer.quote(one)
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {quoted}")
        connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {quoted}")


@contextlib.contextmanager
def set_aside(connection: Connection) -> Iterator[None]:
    """Take the views away while tables change, and make them again with the same readers where there were any."""
    were_there, roles = are_there(connection), readers(connection)
    drop(connection)
    yield
    if were_there:
        _make(connection, roles)


def drop(connection: Connection) -> None:
    """Take our views away, in the caller's transaction. No table and no row changes, and nothing of others goes with them.

    Raises `ViewsInUse` where views of others rest on ours.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    before, roles = ("", ()) if is_sqlite else (f"{SCHEMA}.", readers(connection))
    try:
        for view in views(is_sqlite=is_sqlite):
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {before}{view.name}")
    except DBAPIError as error:
        detail = " ".join(str(error.orig).split())
        raise ViewsInUse(f"something else rests on the views; its owner takes it away first: {detail}") from error
    for one in roles:
        connection.exec_driver_sql(
            f"REVOKE USAGE ON SCHEMA {SCHEMA} FROM {connection.dialect.identifier_preparer.quote(one)}"
        )


def are_there(connection: Connection) -> bool:
    """Whether somebody has made them here."""
    if connection.dialect.name == "sqlite":
        return "v_exam" in inspect(connection).get_view_names()
    return "v_exam" in inspect(connection).get_view_names(schema=SCHEMA)


def readers(connection: Connection) -> tuple[str, ...]:
    """The roles that may read them now; none on SQLite, where whoever opens the file reads all of it."""
    if connection.dialect.name == "sqlite":
        return ()
    query = """SELECT DISTINCT r.rolname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
        WHERE n.nspname = :schema AND a.grantee <> c.relowner ORDER BY 1"""
    return tuple(connection.execute(text(query), {"schema": SCHEMA}).scalars())


def _statements(*, is_sqlite: bool) -> Iterator[str]:
    if not is_sqlite:
        yield f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"
    for view in views(is_sqlite=is_sqlite):
        if is_sqlite:
            yield f"CREATE VIEW {view.name} AS {view.query}"
            continue
        named = f"{SCHEMA}.{view.name}"
        yield f"CREATE VIEW {named} AS {view.query}"
        yield f"COMMENT ON VIEW {named} IS '{view.about}'"
        for column in view.columns:
            yield f"COMMENT ON COLUMN {named}.{column.name} IS '{column.about}'"


def _plain(alias: str, *named: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, f"{alias}.{name}", about) for name, about in named)


def _exams() -> View:
    columns = _plain(
        "e",
        ("exam_id", "key"),
        ("revision", "of the record; a later one takes the place of an earlier one"),
        ("org", "short name of the medical organisation"),
        ("terminal_id", "where it was made"),
        ("employer_id", "NULL when nobody was identified"),
        ("worker_id", "the employment, as in v_worker; NULL when nobody was identified"),
        ("exam_type", "pre_shift, post_shift and others"),
        ("generation", "real, demo or test"),
        ("state", "waiting, decided or unfinished"),
        ("end_reason", "why it ended"),
        ("started_at", "by the clock of the terminal, UTC"),
        ("finished_at", "by the clock of the terminal, UTC"),
        ("received_at", "when the centre had this revision, UTC"),
        ("suggestion", "what the rules suggest; never a decision"),
        ("has_deviation", "a finding of the rules, or a complaint"),
        ("is_urgent", "a complaint that cannot wait"),
        ("outcome", "of the decision in force; NULL while there is none"),
        ("medic_id", "who took it"),
        ("decided_at", "UTC"),
    )
    return View("v_exam", "Examinations, each in its current revision.", ((columns, "exam e"),))


def _measurements(*, is_sqlite: bool) -> View:
    """Attempts that gave values, and attempts that gave none with the reason: both stand in the record of the exam."""

    def inside(*path: str) -> str:
        if is_sqlite:
            return f"json_extract(m.value, '$.{'.'.join(path)}')"
        *steps, last = path
        return "(" + "".join(["m.value", *(f" -> '{step}'" for step in steps)]) + f" ->> '{last}')"

    def moment(expression: str) -> str:
        if is_sqlite:
            return f"replace(rtrim({expression}, 'Z'), 'T', ' ')"
        return f"CAST({expression} AS timestamp with time zone)"

    def whole(expression: str) -> str:
        return f"CAST({expression} AS integer)"

    def rows(name: str) -> str:
        if is_sqlite:
            return f"exam e, json_each(e.payload, '$.{name}') m"
        return f"exam e, json_array_elements(e.payload -> '{name}') m(value)"

    number = "REAL" if is_sqlite else "double precision"
    common = (
        *_plain("e", ("exam_id", "as in v_exam"), ("org", "as in v_exam"), ("terminal_id", "as in v_exam")),
        Column("step", inside("step"), "temperature, pressure, breath or oximetry"),
        Column("attempt", whole(inside("attempt")), "counted from 1 in each step"),
        Column("at", moment(inside("at")), "when the attempt ended, UTC"),
    )
    taken = (
        *common,
        Column("is_measured", "(1 = 1)", "whether the attempt gave values"),
        Column("device_id", inside("device", "device_id"), "as in v_device"),
        Column("device_serial", inside("device", "serial"), "NULL where the device has told none"),
        *(Column(name, f"CAST({inside('values', name)} AS {number})", _QUANTITY) for name in QUANTITIES),
        Column("failure_code", "CAST(NULL AS text)", "why there is no value; NULL where there is one"),
    )
    failed = (
        *common,
        Column("is_measured", "(1 = 0)", ""),
        Column("device_id", inside("device_id"), ""),
        Column("device_serial", "CAST(NULL AS text)", ""),
        *(Column(name, f"CAST(NULL AS {number})", "") for name in QUANTITIES),
        Column("failure_code", inside("code"), ""),
    )
    about = "Attempts to measure: one row for each, with values or with the reason why there are none."
    return View("v_measurement", about, ((taken, rows("measurements")), (failed, rows("failures"))))


_QUANTITY = "unit as in the name; NULL: not measured by this attempt"


def _decisions() -> View:
    columns = (
        *_plain(
            "d",
            ("decision_id", "key"),
            ("exam_id", "as in v_exam"),
            ("exam_revision", "on which revision it was taken"),
            ("org", "as in v_exam"),
            ("worker_id", "as in v_worker"),
            ("medic_id", "who took it"),
            ("outcome", "admitted, not_admitted and others"),
            ("reasons", "JSON list of codes of the book of reasons"),
            ("corrects", "the decision that this one corrects"),
            ("decided_at", "UTC"),
            ("valid_until", "end of an admission, UTC; NULL where there is none"),
            ("certificate_serial", "of the certificate that signed it"),
        ),
        Column("is_in_force", "(e.exam_id IS NOT NULL)", "whether no later decision took its place"),
    )
    rows = "decision d LEFT JOIN exam e ON e.decision_id = d.decision_id"
    return View("v_decision", "Signed decisions, those that were corrected too.", ((columns, rows),))


def _workers() -> View:
    columns = _plain(
        "w",
        ("worker_id", "key; an employment of a person with one employer"),
        ("person_id", "the person; the same for all employments"),
        ("org", "medical organisation that examines"),
        ("employer_id", "employer"),
        ("personnel_number", "of the employer"),
        ("external_id", "key in the system of the employer"),
        ("full_name", "surname, name, patronymic"),
        ("sex", "male or female"),
        ("birth_date", "day of birth"),
        ("position", "in words"),
        ("position_code", "code of the book of positions"),
        ("department", "of the employer"),
        ("regime", "general, railway or other"),
        ("status", "active or suspended"),
        ("remote_allowed", "whether a terminal may examine this worker"),
        ("since", "first day of the employment"),
        ("until", "last day of the employment; NULL: it goes on"),
        ("archived_at", "left; kept for the journal, UTC"),
    )
    return View("v_worker", "Workers of the registers, without SNILS.", ((columns, "worker w"),))


def _machines() -> tuple[View, View, View]:
    terminals = _plain(
        "t",
        ("terminal_id", "key"),
        ("org", "medical organisation"),
        ("name", "for people"),
        ("place", "where it stands"),
        ("state", "new, enrolled or revoked; of a medical room: room or closed_room"),
        ("link", "unknown, online or offline"),
        ("last_seen", "UTC"),
    )
    devices = _plain(
        "d",
        ("terminal_id", "as in v_terminal"),
        ("device_id", "key, with the terminal"),
        ("measures", "step of the exam"),
        ("maker", "as the device or the configuration names it"),
        ("model", "as the device or the configuration names it"),
        ("serial", "NULL where the device has told none"),
        ("state", "as the terminal last reported"),
        ("reason", "why it does not work"),
        ("verified_until", "end of its verification, ISO date"),
        ("last_seen", "UTC"),
    )
    outages = _plain(
        "o",
        ("outage_id", "key"),
        ("terminal_id", "as in v_terminal"),
        ("device_id", "as in v_device"),
        ("reason", "why it did not work"),
        ("began_at", "by the clock of the terminal, UTC"),
        ("ended_at", "UTC; NULL: it lasts"),
    )
    return (
        View("v_terminal", "Terminals and medical rooms.", ((terminals, "terminal t"),)),
        View("v_device", "Devices that terminals report.", ((devices, "device d"),)),
        View("v_outage", "From when until when a device did not work.", ((outages, "outage o"),)),
    )
