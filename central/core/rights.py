"""Rights of the roles: one table, enforced at each action and nowhere guessed from a page."""

from enum import StrEnum


class Right(StrEnum):
    """One thing that an account may do. Every route of the console names exactly one."""

    OWN_ACCOUNT = "own_account"
    SEE_QUEUE = "see_queue"
    SEE_EXAMS = "see_exams"
    EXAMINE = "examine"
    DECIDE = "decide"
    CORRECT = "correct"
    EXPORT_DECISIONS = "export_decisions"
    SEE_JOURNAL = "see_journal"
    EXPORT_JOURNAL = "export_journal"
    SIGN_JOURNAL = "sign_journal"
    MAKE_PAPERS = "make_papers"
    KEEP_CONCLUSIONS = "keep_conclusions"
    OPEN_INSPECTIONS = "open_inspections"
    INSPECT = "inspect"
    SEE_LIMITS = "see_limits"
    CHANGE_LIMITS = "change_limits"
    SEE_REGISTERS = "see_registers"
    SEE_CHANGES = "see_changes"
    CHANGE_REGISTERS = "change_registers"
    JOIN_PERSONS = "join_persons"
    CHANGE_MEDICS = "change_medics"
    REVOKE_CERTIFICATES = "revoke_certificates"
    CHANGE_ORGANISATIONS = "change_organisations"
    IMPORT_EXAMS = "import_exams"
    SEE_ADMISSIONS = "see_admissions"
    KEEP_WORKFORCE = "keep_workforce"
    SEE_DUTY = "see_duty"
    CHANGE_DUTY = "change_duty"
    KEEP_CONTRACTS = "keep_contracts"
    SEE_STATEMENTS = "see_statements"
    CONFIRM_WORKFORCE = "confirm_workforce"
    CHANGE_ACCOUNTS = "change_accounts"
    SEE_AUDIT = "see_audit"
    SEE_FLEET = "see_fleet"
    CHANGE_TERMINALS = "change_terminals"
    SEND_AGAIN = "send_again"
    SEE_WAYBILLS = "see_waybills"
    SEE_GATES = "see_gates"
    SEE_EXCHANGE = "see_exchange"
    CHANGE_EXCHANGE = "change_exchange"
    SEE_BOOKS = "see_books"
    CHANGE_BOOKS = "change_books"
    CHANGE_CLASSIFIERS = "change_classifiers"
    SEE_OWN_RECORD = "see_own_record"
    GIVE_ACCESS = "give_access"
    ANSWER_APPEALS = "answer_appeals"


class Role(StrEnum):
    """What an account is for."""

    MEDIC = "medic"
    SENIOR_MEDIC = "senior_medic"
    EMPLOYER = "employer"
    EMPLOYER_HR = "employer_hr"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    SERVICE = "service"
    INSPECTOR = "inspector"
    WORKER = "worker"


_MEDIC = frozenset(
    {
        Right.OWN_ACCOUNT,
        Right.SEE_QUEUE,
        Right.SEE_EXAMS,
        Right.EXAMINE,
        Right.DECIDE,
        Right.CORRECT,
        Right.EXPORT_DECISIONS,
        Right.SEE_JOURNAL,
        Right.EXPORT_JOURNAL,
        Right.SIGN_JOURNAL,
        Right.MAKE_PAPERS,
        # Copies, journal, checks, acts: an act takes two accounts, so more than the senior medic keep them.
        Right.KEEP_CONCLUSIONS,
        Right.SEE_LIMITS,
        Right.SEE_REGISTERS,
        Right.SEE_FLEET,
        Right.SEND_AGAIN,
        Right.SEE_WAYBILLS,
        Right.SEE_GATES,
        Right.SEE_BOOKS,
        # Who has a worker with a document before them gives the worker the own pages.
        Right.GIVE_ACCESS,
        Right.SEE_DUTY,
    }
)

_EMPLOYER = frozenset({Right.OWN_ACCOUNT, Right.SEE_ADMISSIONS, Right.SEE_GATES, Right.SEE_STATEMENTS})
EMPLOYER_ROLES = frozenset({Role.EMPLOYER, Role.EMPLOYER_HR})
"""Roles of which an account has employers: it sees their workers, and nobody else's."""

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.MEDIC: _MEDIC,
    # The role that enters medics with their keys makes no accounts, and the role that makes accounts enters no medics.
    Role.SENIOR_MEDIC: _MEDIC
    | {
        Right.SEE_CHANGES,
        Right.CHANGE_LIMITS,
        Right.CHANGE_REGISTERS,
        # Whom terminals examine is decided by who examines.
        Right.CONFIRM_WORKFORCE,
        # Who is one person is judged by who knows them, and decides whose records are read together.
        Right.JOIN_PERSONS,
        Right.CHANGE_MEDICS,
        Right.IMPORT_EXAMS,
        Right.CHANGE_BOOKS,
        Right.REVOKE_CERTIFICATES,
        # Contracts, prices and what is billed by them.
        Right.KEEP_CONTRACTS,
        # Who is on duty when, and how much each medic has done.
        Right.CHANGE_DUTY,
        Right.SEE_EXCHANGE,
        # The order of an inspection lies with the head; who makes accounts opens no records by it.
        Right.OPEN_INSPECTIONS,
        # Against a medic's decision people ask somebody above.
        Right.ANSWER_APPEALS,
    },
    # An employer learns who is admitted, and never a value, a complaint or a photo.
    Role.EMPLOYER: _EMPLOYER,
    # Who keeps the employer's people sees them and their terms; who examines them decides what becomes of what HR types.
    Role.EMPLOYER_HR: _EMPLOYER | {Right.KEEP_WORKFORCE},
    # The role that manages accounts does not see medical records.
    Role.ADMINISTRATOR: frozenset(
        {
            Right.OWN_ACCOUNT,
            Right.CHANGE_ACCOUNTS,
            Right.SEE_REGISTERS,
            Right.SEE_CHANGES,
            Right.CHANGE_REGISTERS,
            Right.CHANGE_ORGANISATIONS,
            # Whoever hears first that a key is in other hands shuts it out; to give a new one is the senior medic's.
            Right.REVOKE_CERTIFICATES,
            Right.SEE_FLEET,
            Right.CHANGE_TERMINALS,
            Right.SEND_AGAIN,
            Right.SEE_WAYBILLS,
            Right.SEE_GATES,
            # Which code of a partner's means one of ours, and what is sent again. Reasons by number, nobody's exam.
            Right.SEE_EXCHANGE,
            Right.CHANGE_EXCHANGE,
            Right.SEE_BOOKS,
            # Classifiers of the whole centre, and what follows from a reason.
            Right.CHANGE_CLASSIFIERS,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Right.OWN_ACCOUNT,
            Right.SEE_EXAMS,
            Right.EXPORT_DECISIONS,
            Right.SEE_JOURNAL,
            Right.EXPORT_JOURNAL,
            Right.MAKE_PAPERS,
            Right.SEE_LIMITS,
            Right.SEE_REGISTERS,
            Right.SEE_CHANGES,
            Right.SEE_AUDIT,
            Right.SEE_FLEET,
            Right.SEE_WAYBILLS,
            Right.SEE_GATES,
            Right.SEE_EXCHANGE,
            Right.SEE_BOOKS,
        }
    ),
    # Sees what an order of inspection opens, and changes nothing: no other right, and none that a form needs.
    Role.INSPECTOR: frozenset({Right.OWN_ACCOUNT, Right.INSPECT}),
    Role.SERVICE: frozenset({Right.OWN_ACCOUNT, Right.SEE_FLEET, Right.SEE_BOOKS}),
    # A worker sees the own records, wherever they were made, and nobody else's.
    Role.WORKER: frozenset({Right.OWN_ACCOUNT, Right.SEE_OWN_RECORD}),
}

GIVEN_ROLES = tuple(role for role in Role if role is not Role.WORKER)
"""Roles that an administrator gives. A worker's account comes from a link, for one person, and from nowhere else."""


def may(role: str, right: Right) -> bool:
    """Whether an account of that role may do this; an unknown role may do nothing."""
    return role in RIGHTS and right in RIGHTS[Role(role)]
