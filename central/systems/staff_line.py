"""Fetches staff from a published infobase of 1C by its standard OData, page by page. No lock is held meanwhile."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from central.core.partner_config import PartnerConfig
from central.egress.connecting import Unreached
from central.egress.rules import OPERATORS_OWN, AddressRefused, web_address
from central.egress.web import get
from central.systems.converting.one_c import CURRENT, ENTITIES, MOST_ROWS, Entity, UnreadableStaff, read_answer
from central.systems.partner_line import headers_of

PAGE_ROWS = 1_000
MAX_ANSWER_BYTES = 16 * 1024 * 1024
TERM_S = 30.0


class StaffAway(Exception):
    """The list did not come as a whole; nothing of it counts. `code` as of `exchange.code`."""

    def __init__(self, code: str, http_status: int | None = None) -> None:
        super().__init__(code)
        self.code, self.http_status = code, http_status


class StaffLine:
    """The way to one infobase."""

    def __init__(self, config: PartnerConfig, term_s: float = TERM_S, page_rows: int = PAGE_ROWS) -> None:
        """Raises `OSError` for a secret that cannot be read."""
        self._base = f"{(config.url or '').rstrip('/')}/odata/standard.odata"
        self._headers = headers_of(config) | {"Accept": "application/json"}
        self._term_s, self._page_rows = term_s, page_rows
        self.read_bytes = 0
        """Of the last list."""

    def fetch(self) -> Mapping[str, Sequence[Entity]]:
        """All rows of all entities. Raises `StaffAway`."""
        self.read_bytes = 0
        return {entity: self._rows(entity) for entity in ENTITIES}

    def _rows(self, entity: str) -> list[Entity]:
        """Page after page, each beginning with the last row of the one before: a row that was deleted meanwhile moves the others
        up, and one of them would be skipped, and its worker taken for gone."""
        key = "Сотрудник_Key" if entity == CURRENT else "Ref_Key"
        rows: list[Entity] = []
        while True:
            skip = max(0, len(rows) - 1)
            page = self._page(entity, key, skip)
            if rows:
                if not page or page[0].get(key) != rows[-1].get(key):
                    raise StaffAway("changed_meanwhile")
                page_new = page[1:]
            else:
                page_new = page
            rows += page_new
            if len(rows) > MOST_ROWS:
                raise StaffAway("too_much")
            if len(page) < self._page_rows:
                return rows

    def _page(self, entity: str, key: str, skip: int) -> list[Entity]:
        query = {"$format": "json", "$orderby": key, "$top": str(self._page_rows), "$skip": str(skip)}
        if entity != CURRENT:
            query["$filter"] = "DeletionMark eq false"
        address = f"{self._base}/{quote(entity)}?{urlencode(query, safe='$', quote_via=quote)}"
        try:
            answer = get(
                web_address(address, OPERATORS_OWN),
                self._headers,
                OPERATORS_OWN,
                term_s=self._term_s,
                max_bytes=MAX_ANSWER_BYTES,
            )
        except AddressRefused as error:
            raise StaffAway("wrong_address") from error
        except Unreached as error:
            raise StaffAway(error.code) from error
        if not answer.is_success:
            raise StaffAway("login" if answer.status in {401, 403} else "status", answer.status)
        self.read_bytes += len(answer.body)
        try:
            return read_answer(answer.body, entity)
        except UnreadableStaff as error:
            raise StaffAway("unreadable", answer.status) from error
