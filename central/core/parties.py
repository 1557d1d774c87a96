"""The parties: organisations, employers, workers, terminals, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from central.core.text_cleaning import clean_line
from sync.contract.canonical import new_id


def _clean(party: "Organisation | Employer | Worker | Terminal") -> None:
    """Clean every text of a party: whichever way it came, forms, files or the command line."""
    for name in party.__dataclass_fields__:
        value = getattr(party, name)
        if isinstance(value, str) and (cleaned := clean_line(value)) != value:
            object.__setattr__(party, name, cleaned)


@dataclass(frozen=True, slots=True)
class Organisation:
    """A licensed medical organisation. `org` is its name in topics."""

    org: str
    name: str
    licence: str
    oid: str | None = None
    licence_until: date | None = None
    """Last day of the licence; None where it has no term, as since 2022, and was not ended."""
    inn: str | None = None
    kpp: str | None = None
    ogrn: str | None = None
    address: str | None = None
    region_code: str | None = None
    email: str | None = None
    phone: str | None = None
    profile: str | None = None
    hours: str | None = None
    oid_checked_at: date | None = None
    """Day when the OID was seen in the federal register of medical organisations (ФРМО)."""
    oid_source: str | None = None
    conclusions_keeper: str | None = None
    """Who answers for conclusions and their copies: name, post, order."""

    def __post_init__(self) -> None:
        _clean(self)


@dataclass(frozen=True, slots=True)
class Employer:
    """Who sends the workers. `limits` are entries of the limits file with source employer."""

    org: str
    name: str
    employer_id: str = field(default_factory=new_id)
    inn: str | None = None
    okved: str | None = None
    region_code: str | None = None
    alert_contact: str | None = None
    waybill_operator: str | None = None
    """Name of the operator of electronic waybills in the configuration; None: paper waybills."""
    waybill_titles: Literal["before", "after", "both"] | None = None
    """Which titles the medics sign for this employer's waybills."""
    exchange_id: str | None = None
    """The employer's identifier as a participant of electronic exchange."""
    limits: Sequence[dict[str, Any]] = ()

    def __post_init__(self) -> None:
        _clean(self)


@dataclass(frozen=True, slots=True)
class Worker:
    """Who is examined: the employment of a person. `snils` is taken in any usual form and kept only sealed and as a keyed hash.

    `person_id` says whose employment a new one is; None: of the person who has the SNILS, or of somebody new.
    """

    org: str
    employer_id: str
    personnel_number: str
    full_name: str
    position: str
    worker_id: str = field(default_factory=new_id)
    snils: str | None = field(default=None, repr=False)
    cards: Sequence[str] = ()
    sex: Literal["male", "female"] | None = None
    birth_date: date | None = None
    status: Literal["active", "suspended"] = "active"
    remote_allowed: bool = True
    block_text: str = ""
    photo_sha256: str | None = None
    toxicology_at: date | None = None
    position_code: str | None = None
    department: str = ""
    regime: Literal["general", "railway", "other"] | None = None
    harm_factors: Sequence[str] = ()
    since: date | None = None
    until: date | None = None
    """First and last day of the employment; None where it was not said, or goes on."""
    external_id: str | None = None
    person_id: str | None = None
    inn: str | None = None
    """The person's own taxpayer number, 12 digits: electronic waybills name drivers by it."""
    driving_licence: str | None = None
    """Series and number: waybills name drivers by it too."""
    post_number: str | None = None
    """Number of the post in the employer's staffing table."""

    def __post_init__(self) -> None:
        _clean(self)
        object.__setattr__(self, "cards", tuple(clean_line(card) for card in self.cards))
        object.__setattr__(self, "harm_factors", tuple(clean_line(code) for code in self.harm_factors))


@dataclass(frozen=True, slots=True)
class Terminal:
    """A kiosk. `terminal_id` is also the common name of its certificate."""

    terminal_id: str
    org: str
    name: str
    place: str

    def __post_init__(self) -> None:
        _clean(self)
