"""The bytes of a waybill's title between the page that shows them and the act that signs them. Pure."""

from dataclasses import dataclass
from typing import Literal

from sync.contract.canonical import sha256_hex


@dataclass(frozen=True, slots=True)
class TitleToSign:
    """A title as it stands on the page of an exam. `content`: exactly the bytes that are signed."""

    waybill_id: str
    org: str
    operator: str
    title: Literal["T2", "T6"]
    file_id: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Hash of the bytes, hexadecimal."""
        return sha256_hex(self.content)

    @property
    def named(self) -> dict[str, str]:
        """How a decision's record names it."""
        return {"title": self.title, "file_id": self.file_id, "sha256": self.sha256}
