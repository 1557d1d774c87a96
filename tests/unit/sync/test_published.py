"""The published files say what the models say."""

import json

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from dopusk.commands.schemas import asyncapi, published_files
from sync.contract.codes import QUANTITIES
from sync.contract.published import PUBLISHED
from sync.contract.topics import Down, TerminalAddress, Up, parse_topic


def test_the_files_are_up_to_date() -> None:
    """Write them anew with `dopusk schemas`."""
    for path, text in published_files().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `dopusk schemas`"


@pytest.mark.parametrize("schema", PUBLISHED, ids=lambda schema: schema.name)
def test_each_is_a_json_schema_that_refuses_rubbish(schema: object) -> None:
    rules = json.loads(schema.text())  # type: ignore[attr-defined]
    Draft202012Validator.check_schema(rules)
    with pytest.raises(ValidationError):
        Draft202012Validator(rules).validate([])


def test_the_asyncapi_document_has_a_channel_for_every_kind_that_is_sent() -> None:
    addresses = {channel["address"].rsplit("/", 2)[-1] for channel in asyncapi()["channels"].values()}
    assert addresses >= {str(kind) for kind in Up if kind is not Up.HEALTH}
    assert addresses >= {str(kind) for kind in Down}


def test_topics_are_read_back() -> None:
    address = TerminalAddress("zarya", "kiosk-01")
    assert parse_topic(address.up(Up.EXAM)) == (address, "up", "exam")
    assert parse_topic(address.down(Down.RECEIPT)) == (address, "down", "receipt")
    assert parse_topic(address.status) == (address, "status", "")
    with pytest.raises(ValueError, match="not a topic"):
        parse_topic("dopusk/2/zarya/kiosk-01/up/exam")


def test_every_quantity_of_the_drivers_has_a_code() -> None:
    from drivers.model import Quantity

    assert {str(quantity) for quantity in Quantity} == set(QUANTITIES)
