"""What a roster does not say about a worker allows nothing."""

from sync.contract.canonical import new_id
from sync.contract.roster import RosterWorker


def test_a_permission_that_is_not_said_is_none() -> None:
    worker = RosterWorker.model_validate(
        {
            "worker_id": new_id(),
            "personnel_number": "1001",
            "full_name": "Ветров Степан Ильич",
            "position": "водитель",
            "employer_id": new_id(),
            "employer_name": "ООО «Ромашка-Транс»",
        }
    )
    assert not worker.remote_allowed
    assert worker.status != "active"
    assert not worker.biometric_consent
