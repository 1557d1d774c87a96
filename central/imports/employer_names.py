"""Which employer a cell of a file means."""

from sqlalchemy import Connection

from central.core.name_folding import fold_name
from central.store import registry


class EmployerNames:
    """Which employer a cell means: by id, ИНН, or name. A name that several could have is nobody's."""

    def __init__(self, connection: Connection, org: str) -> None:
        self.ids: set[str] = set()
        self.names: list[str] = []
        self._exact: dict[str, set[str]] = {}
        self._folded: dict[str, set[str]] = {}
        for row in registry.list_employers(connection, org):
            self.ids.add(row["employer_id"])
            self.names.append(row["name"])
            for key in filter(None, (row["employer_id"], row["inn"], row["name"])):
                self._exact.setdefault(key, set()).add(row["employer_id"])
            self._folded.setdefault(fold_name(row["name"]), set()).add(row["employer_id"])

    def find(self, words: str) -> tuple[str, str]:
        """The id, or the code of what is wrong."""
        found = self._exact.get(words) or self._folded.get(fold_name(words), set())
        if len(found) == 1:
            return next(iter(found)), ""
        return "", "several" if found else "unknown"
