"""Medics of an organisation for the exchange operator: a table or XML with SNILS, signed, in an encrypted archive.

The only file of ours in which a SNILS stands in clear. The signature is a detached CMS with a key that is made for this one file
and thrown away; its certificate, of the centre's authority, names the organisation.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from xml.etree import ElementTree

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from openpyxl import Workbook
from sqlalchemy import Connection

from central.authority.pki import Authority
from central.people.registry import Registry
from central.signature.software import SoftwareKey
from central.store import medic_records, medics
from central.store.medic_records import Education, Employment, Paper
from central.words.table_values import Value
from central.words.xlsx_sheet import write_sheet

FORMS = ("xlsx", "xml")
HEADINGS = {
    "snils": "СНИЛС",
    "full_name": "Фамилия, имя, отчество",
    "birth_date": "Дата рождения",
    "sex": "Пол",
    "email": "Электронная почта",
    "frmr_id": "Номер записи ФРМР",
    "org_oid": "OID организации",
    "org_name": "Организация",
    "post": "Должность",
    "rate": "Ставка",
    "since": "Начало работы",
    "until": "Конец работы",
    "level": "Уровень образования",
    "institution": "Учебное заведение",
    "year": "Год окончания",
    "diploma_no": "Номер диплома",
    "speciality": "Специальность",
    "paper_kind": "Вид документа",
    "paper_no": "Номер документа",
    "paper_issued": "Дата выдачи",
    "paper_until": "Действует до",
    "paper_hours": "Часов",
}
"""By field; those of the map that comes with the program, so that the file can be read back."""
_SEX = {"male": "мужской", "female": "женский"}
_PAPER = {"accreditation": "аккредитация", "certificate": "сертификат", "course": "курс"}


@dataclass(frozen=True, slots=True)
class MedicFile:
    """The file with its signature. `without_snils`: how many medics could not be named, for they have none on record."""

    name: str
    content: bytes
    cms: bytes
    ca_pem: bytes
    rows: int
    without_snils: int

    @property
    def files(self) -> dict[str, bytes]:
        """What goes to the operator."""
        return {self.name: self.content, f"{self.name}.cms": self.cms, "ca.pem": self.ca_pem}


def medic_rows(
    connection: Connection, organisation: Mapping[Any, Any], people: Registry, today: date
) -> tuple[list[dict[str, Value]], int]:
    """One row for each medic in service who has a SNILS on record, and how many have none."""
    found = [one for one in medics.of_organisations(connection, (organisation["org"],)) if one.active]
    rows: list[dict[str, Value]] = []
    for one in found:
        if one.snils_sealed is None:
            continue
        records = medic_records.of_medic(connection, one.medic_id)
        posts = [record for record in records if isinstance(record, Employment)]
        here = [post for post in posts if post.org_oid == organisation["oid"] and post.is_in_force(today)]
        post = (here or [Employment(organisation["oid"] or "", organisation["name"], one.position)])[-1]
        education = next((record for record in records if isinstance(record, Education)), Education(one.education))
        papers = [record for record in records if isinstance(record, Paper)]
        paper = papers[-1] if papers else None
        row: dict[str, Value] = {
            "snils": people.open_snils(one.snils_sealed),
            "full_name": one.full_name,
            "birth_date": one.birth_date,
            "sex": _SEX.get(one.sex or "", ""),
            "email": one.email,
            "frmr_id": one.frmr_id,
        }
        row |= {item.name: getattr(post, item.name) for item in fields(Employment)}
        row |= {item.name: getattr(education, item.name) for item in fields(Education)}
        if paper is not None:
            row |= {"paper_kind": _PAPER.get(paper.kind, paper.kind), "paper_no": paper.number}
            row |= {"paper_issued": paper.issued, "paper_until": paper.until, "paper_hours": paper.hours}
        rows.append(row)
    return rows, sum(one.snils_sealed is None for one in found)


def medic_file(
    authority: Authority,
    organisation: Mapping[Any, Any],
    rows: Sequence[Mapping[str, Value]],
    without_snils: int,
    form: str,
    at: datetime,
) -> MedicFile:
    """The file in that form, signed. Slow: outside of every transaction."""
    content = _xml(organisation, rows, at) if form == "xml" else _xlsx(rows)
    issued = authority.issue_medic(organisation["name"], f"export-{organisation['org']}", organisation["name"])
    key = load_pem_private_key(issued.key_pem or b"", None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority made a key of a kind that is not known here")
    pen = SoftwareKey(x509.load_pem_x509_certificate(issued.certificate_pem), key)
    cms = pen.sign_detached(content)
    pen.close()
    name = f"medics-{organisation['org']}-{at:%Y-%m-%d}.{form}"
    return MedicFile(name, content, cms, authority.ca_pem, len(rows), without_snils)


def _xlsx(rows: Sequence[Mapping[str, Value]]) -> bytes:
    book = Workbook(write_only=True)
    lines = [[row.get(name) for name in HEADINGS] for row in rows]
    write_sheet(book, "ФРМР", list(HEADINGS.values()), lines, title=[], band="", text_columns=[0])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _xml(organisation: Mapping[Any, Any], rows: Sequence[Mapping[str, Value]], at: datetime) -> bytes:
    root = ElementTree.Element("medics", {"oid": organisation["oid"] or "", "made_at": at.isoformat()})
    for row in rows:
        one = ElementTree.SubElement(root, "medic")
        for name in HEADINGS:
            if row.get(name) not in {None, ""}:
                ElementTree.SubElement(one, name).text = str(row[name])
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
