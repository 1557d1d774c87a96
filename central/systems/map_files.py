"""A partner's map of codes and its fields as a file, so that a conversion needs no store. Pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from central.store.code_maps import CodeMap
from central.systems.code_translating import Bindings
from central.systems.sent_form import CODED, KINDS, OWN_FIELDS, PLACES, FormField

CODES_SCHEMA = "dopusk.partner-codes/1"
_FIELDS = ("book", "own_code", "their_system", "their_code", "their_display", "relation")

_FORM = ("their_field", "kind", "own")


@dataclass(frozen=True, slots=True)
class FileBinding:
    """A binding of such a file."""

    their_system: str
    their_code: str
    their_display: str
    relation: str

    @property
    def is_bound(self) -> bool:
        """Whether there is a code of theirs to say."""
        return self.relation != "none" and self.their_code != ""


def codes_file(system_id: str, bound: Iterable[CodeMap], form: Iterable[FormField] = ()) -> bytes:
    """The map in force as JSON."""
    codes = [{name: getattr(one, name) for name in _FIELDS} for one in sorted(bound, key=lambda one: one.own_code)]
    fields = [{name: getattr(one, name) for name in _FORM} for one in form]
    said = {"schema": CODES_SCHEMA, "partner": system_id, "codes": codes, "fields": fields}
    return json.dumps(said, ensure_ascii=False, indent=1).encode("utf-8")


def read_codes(content: bytes, system_id: str = "") -> Bindings:
    """The bindings of such a file. Raises `ValueError` for another file, and for that of another partner."""
    try:
        said = json.loads(content)
        rows = [{name: str(row[name]) for name in _FIELDS} for row in said["codes"]]
        partner, schema = str(said["partner"]), said["schema"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("no map of codes, as the partner's page gives it") from error
    if schema != CODES_SCHEMA:
        raise ValueError(f"the map of codes is not {CODES_SCHEMA}")
    if system_id and partner != system_id:
        raise ValueError(f"the map of codes is that of {partner}, and not of {system_id}")
    return {
        (row["book"], row["own_code"]): FileBinding(
            row["their_system"], row["their_code"], row["their_display"], row["relation"]
        )
        for row in rows
    }


def read_form(content: bytes) -> list[FormField]:
    """The partner's fields in such a file; none where it has none. Raises `ValueError` for fields that cannot be filled."""
    try:
        form = [FormField(*(str(row[name]) for name in _FORM)) for row in json.loads(content).get("fields", [])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("no fields of a partner, as the partner's page gives them") from error
    for one in form:
        known = {"field": OWN_FIELDS, "code": tuple(CODED)}.get(one.kind)
        if one.kind not in KINDS or (known is not None and one.own not in known):
            raise ValueError(f"the field {one.their_field} cannot be filled")
        if one.kind == "text" and not set(PLACES.findall(one.own)) <= set(OWN_FIELDS):
            raise ValueError(f"the text of the field {one.their_field} names a field that there is not")
    return form
