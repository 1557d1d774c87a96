"""An operator over HTTP, by a small protocol of ours: a gateway at the operator's side translates it.

No operator publishes this protocol, and it was tried against a stand-in alone. `GET files` and `GET receipts` answer JSON arrays,
`POST titles`, `POST files/taken` and `POST receipts/noted` take JSON objects; bytes are base64. 2xx means done.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from central.egress.connecting import Unreached
from central.egress.rules import OPERATORS_OWN, AddressRefused, web_address
from central.egress.web import WebAnswer, get, post
from central.partners.operators import IncomingFile, IncomingReceipt, OperatorAway, read_receipt

MAX_ANSWER_BYTES = 16 * 1024 * 1024


class HttpOperator:
    """Implements `WaybillOperator`. The address is of the configuration: it may lead into the organisation's own network."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def files(self) -> Iterator[IncomingFile]:
        """See `WaybillOperator`."""
        for item in self._asked("files"):
            try:
                content = base64.b64decode(str(item["content"]), validate=True)
                signature = base64.b64decode(str(item.get("signature", "")), validate=True)
                name = str(item["name"])
            except (KeyError, TypeError, AttributeError, binascii.Error) as error:
                raise OperatorAway(f"{self._url}/files: an entry that is no file") from error
            yield IncomingFile(name, content, signature, name)

    def taken(self, file: IncomingFile) -> None:
        """See `WaybillOperator`."""
        self._told("files/taken", {"name": file.key})

    def send(self, file_id: str, content: bytes, signature: bytes) -> None:
        """See `WaybillOperator`."""
        bytes_ = {"content": content, "signature": signature}
        encoded = {name: base64.b64encode(value).decode("ascii") for name, value in bytes_.items()}
        self._told("titles", {"file_id": file_id, **encoded})

    def receipts(self) -> Iterator[IncomingReceipt]:
        """See `WaybillOperator`."""
        for item in self._asked("receipts"):
            content = json.dumps(item, ensure_ascii=False, sort_keys=True).encode("utf-8")
            key = str(item.get("receipt_id", "")) if isinstance(item, dict) else ""
            yield read_receipt(content, key)

    def noted(self, receipt: IncomingReceipt) -> None:
        """See `WaybillOperator`."""
        self._told("receipts/noted", {"receipt_id": receipt.key})

    def _asked(self, path: str) -> list[Any]:
        address = f"{self._url}/{path}"
        try:
            answer = get(web_address(address, OPERATORS_OWN), self._headers, OPERATORS_OWN, max_bytes=MAX_ANSWER_BYTES)
            found = json.loads(self._good(address, answer).body)
        except (Unreached, AddressRefused) as error:
            raise OperatorAway(f"{address}: {error}") from error
        except (ValueError, RecursionError) as error:
            raise OperatorAway(f"{address}: the answer is not JSON") from error
        if not isinstance(found, list):
            raise OperatorAway(f"{address}: the answer is no array")
        return found

    def _told(self, path: str, said: dict[str, str]) -> None:
        address = f"{self._url}/{path}"
        body = json.dumps(said, ensure_ascii=False).encode("utf-8")
        try:
            self._good(address, post(web_address(address, OPERATORS_OWN), body, self._headers, OPERATORS_OWN))
        except (Unreached, AddressRefused) as error:
            raise OperatorAway(f"{address}: {error}") from error

    @staticmethod
    def _good(address: str, answer: WebAnswer) -> WebAnswer:
        if not answer.is_success:
            raise OperatorAway(f"{address}: it answered {answer.status}")
        return answer
