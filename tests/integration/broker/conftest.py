"""What these tests share with those of the centre."""

from tests.central_store import postgres
from tests.integration.central.conftest import make_payload

__all__ = ["make_payload", "postgres"]
