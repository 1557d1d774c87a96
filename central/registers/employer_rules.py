"""Employers as they are entered: names, taxpayer numbers with their check digits, codes. Pure."""

import re

_TEN = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_ELEVEN = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_TWELVE = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)


def is_inn(digits: str) -> bool:
    """Whether a taxpayer number (10 digits of firms, 12 of people) has the right check digits."""
    if re.fullmatch(r"[0-9]{10}", digits):
        return _check(digits, _TEN) == int(digits[9])
    if re.fullmatch(r"[0-9]{12}", digits):
        return _check(digits, _ELEVEN) == int(digits[10]) and _check(digits, _TWELVE) == int(digits[11])
    return False


def _check(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11 % 10


def employer_faults(fields: dict[str, str]) -> dict[str, str]:
    """What is wrong with an employer's form: field → code."""
    faults: dict[str, str] = {}
    if not fields["name"].strip():
        faults["name"] = "needed"
    if fields["inn"] and not is_inn(fields["inn"]):
        faults["inn"] = "wrong_inn"
    if fields["okved"] and not re.fullmatch(r"[0-9]{2}(\.[0-9]{1,2}){0,2}", fields["okved"]):
        faults["okved"] = "wrong_form"
    if fields["region_code"] and not re.fullmatch(r"[0-9]{2,3}", fields["region_code"]):
        faults["region_code"] = "wrong_form"
    if bool(fields["waybill_operator"]) != bool(fields["waybill_titles"]):
        empty = "waybill_titles" if fields["waybill_operator"] else "waybill_operator"
        faults[empty] = "needed"
    if fields["waybill_operator"] and not fields["inn"]:
        # Carriers' files name the employer by it.
        faults["inn"] = "needed"
    if fields["waybill_operator"] and not fields["exchange_id"]:
        faults["exchange_id"] = "needed"
    elif fields["exchange_id"] and not re.fullmatch(r"[0-9A-Za-z-]{4,46}", fields["exchange_id"]):
        faults["exchange_id"] = "wrong_form"
    for name, value in fields.items():
        if len(value) > 200:
            faults[name] = "too_long"
    return faults
