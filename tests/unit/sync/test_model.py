"""What holds for every wire model."""

import pytest
from pydantic import ValidationError

from sync.contract.roster import Roster


def test_what_is_wrong_is_said_without_the_values() -> None:
    worker = {"worker_id": "112-233-445 95", "full_name": "Тихая Анна Глебовна" * 99}
    with pytest.raises(ValidationError) as caught:
        Roster.model_validate({"version": 1, "workers": [worker]})
    for said in (str(caught.value), repr(caught.value)):
        assert "worker_id" in said
        assert "full_name" in said
        assert "Тихая" not in said
        assert "112-233" not in said
