"""Checks a medic's signature for each row of the journal anew: content, certificate, term and revocation.

A stored word "valid" would stay where somebody had changed the record. A check takes 0.7 ms (with ГОСТ, where another
program does it, some 8), so only those rows are checked whose column is shown.
"""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import DuplicateExtension

from central.core.trust import Anchors, Trust
from central.signature.chain import SignatureError
from central.signature.decision import verify_decision
from central.store.journal import JournalRow

VALID = "valid"


class SignatureCheck:
    """Checks rows against the anchors of the moment in which the first of them is checked."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._anchors: Anchors | None = None

    def __call__(self, row: JournalRow) -> str:
        """`valid`, or a code of `SignatureError`; empty for a row that nobody has signed.

        Revocation and term count as of the decision: a certificate that ended since leaves earlier signatures as they are.
        Raises `OSError` and `ValueError` as `Trust.anchors`.
        """
        if row.record is None or row.cms is None or row.decided_at is None:
            return ""
        if self._anchors is None:
            self._anchors = self._trust.anchors()
        roots, lists = self._anchors.roots, self._anchors.revocation_lists
        try:
            verify_decision(row.cms, row.record, roots, at=row.decided_at, revocation_lists=lists)
        except SignatureError as error:
            return error.code
        except (DuplicateExtension, UnsupportedAlgorithm):
            return "unreadable"
        return VALID
