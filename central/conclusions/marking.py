"""What a copy says of itself on paper: its number and receiver, the registration stamp, the text of its code. Pure.

Papers are for Russian readers whatever the language of the console is.
"""

import re
from collections.abc import Mapping
from datetime import date

_FOR: Mapping[str, str] = {
    "original": "взамен оригинала",
    "patient": "для выдачи пациенту",
    "employer": "для работодателя",
    "insurer": "для страховой организации",
    "register": "для реестра",
    "internal": "для внутреннего учёта",
}
_CODE = re.compile(r"/check/([A-Za-z0-9_-]{16,64})\?copy=([1-9][0-9]{0,5})\s*$")


def copy_mark(copy_no: int, role: str, *, is_replacement: bool, day: date) -> str:
    """`ОРИГИНАЛ`, or `КОПИЯ № 2, для выдачи пациенту, 30.11.2026`. A later original is that of a corrected record."""
    if role == "original" and not is_replacement:
        return "ОРИГИНАЛ" if copy_no == 1 else f"ОРИГИНАЛ ИСПРАВЛЕННОЙ ЗАПИСИ, экземпляр № {copy_no}, {day:%d.%m.%Y}"
    return f"КОПИЯ № {copy_no}, {_FOR[role]}, {day:%d.%m.%Y}"


def stamp_lines(number: str, issued_on: date, record_id: str) -> tuple[str, ...]:
    """The registration stamp. `number` as it stands on the paper; `record_id`: of the electronic record."""
    return (f"ЗАРЕГИСТРИРОВАНО {number} от {issued_on:%d.%m.%Y}", f"Электронная запись {record_id}")


def code_address(public_url: str, code: str, copy_no: int) -> str:
    """What the QR code of a copy holds: the public check of its paper, and which copy it is."""
    return f"{public_url.rstrip('/')}/check/{code}?copy={copy_no}"


def read_code(text: str) -> tuple[str, int] | None:
    """Code of the paper and number of the copy, from what a scanner typed; None for anything else."""
    found = _CODE.search(text)
    return (found[1], int(found[2])) if found else None
