"""Carries files, titles and receipts between the centre and its operators of electronic waybills.

One thread for each operator: a silent one delays no other. A title leaves the store's queue only when the operator has taken it;
until then it is handed over again, by the same ИдФайл. What arrives is committed before the operator is told so.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from sqlalchemy import Engine

from central.core.step_records import StepRecord
from central.core.supervision import Step, Supervised, Together, each
from central.core.waybill_config import OperatorConfig, WaybillsConfig
from central.partners.carrier_intake import look_again, take_file
from central.partners.driver_match import SnilsHash
from central.partners.folder_operator import FolderOperator
from central.partners.http_operator import HttpOperator
from central.partners.operators import IncomingFile, OperatorAway, WaybillOperator
from central.store import waybill_titles, waybills
from central.store.engine import reading, writing
from central.store.exchange_log import About, Ended, log

FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=15)
_PARKED_EVERY_S = 5.0
_log = logging.getLogger(__name__)


class OperatorExchange:
    """The exchange with one operator. Each of its steps may be called at any time, and again."""

    def __init__(
        self,
        engine: Engine,
        config: OperatorConfig,
        operator: WaybillOperator,
        roots: Sequence[x509.Certificate],
        snils_hash: SnilsHash,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine, self._config, self._operator = engine, config, operator
        self._roots, self._snils_hash, self._clock = roots, snils_hash, clock
        self._own_record = StepRecord(f"waybills-{config.name}", "files")
        self.files_record: Callable[[], StepRecord] = lambda: self._own_record

    def take_files(self) -> int:
        """Keep what carriers have sent; returns how many files. One that cannot be kept stays there, and the next ones go on."""
        return each(self._operator.files(), self._take, self.files_record(), lambda _: self._config.name, _leave)

    def _take(self, file: IncomingFile) -> None:
        with writing(self._engine) as connection:
            rows = take_file(connection, self._config, self._roots, file, self._clock(), self._snils_hash)
            for row in rows:
                about = self._about("in", "take", row.kind, "waybill", row.waybill_id)
                # The place of a fault may quote the file: the list of waybills shows it, and the log does not.
                ended = Ended("refused" if row.state == "refused" else "ok", row.fault)
                log(connection, about, file.content, ended, self._clock())
        for row in rows:
            if row.fault:
                _log.warning("waybill operator %s: a file is %s: %s", self._config.name, row.state, row.fault)
        self._operator.taken(file)

    def look_again(self) -> int:
        """Try parked files anew; returns how many go on."""
        with reading(self._engine) as connection:
            if not waybills.parked(connection, self._config.name):
                return 0
        with writing(self._engine) as connection:
            return look_again(connection, self._config, self._snils_hash)

    def send_titles(self) -> int:
        """Hand over what is due; returns how many the operator took. Raises `OperatorAway` after two that it did not take."""
        with reading(self._engine) as connection:
            titles = waybill_titles.due(connection, self._config.name, self._clock(), LONGEST_REST)
        sent, failed = 0, 0
        for title in titles:
            now = self._clock()
            rest = min(FIRST_REST * 2 ** min(title.attempts, 10), LONGEST_REST)
            with writing(self._engine) as connection:
                # From here on a correction cannot call it back silently: it may be on its way.
                if not waybill_titles.begin_sending(connection, title.title_id, now, now + rest):
                    continue
            try:
                self._operator.send(title.file_id, title.content, title.cms)
            except OperatorAway as error:
                with writing(self._engine) as connection:
                    waybill_titles.note_failure(connection, title.title_id, str(error))
                    failure = Ended("retrying", "operator", attempts=title.attempts + 1)
                    log(connection, self._of_title(title), title.content, failure, self._clock())
                failed += 1
                if failed > 1 or len(titles) == 1:
                    raise
                continue
            with writing(self._engine) as connection:
                waybill_titles.mark_sent(connection, title.title_id, self._clock())
                done = Ended("ok", attempts=title.attempts + 1)
                log(connection, self._of_title(title), title.content, done, self._clock())
            sent += 1
        return sent

    def _of_title(self, title: waybill_titles.SignedTitle) -> About:
        return self._about("out", "send", title.title, "title", title.title_id)

    def _about(self, direction: str, operation: str, form: str, kind: str, object_id: str) -> About:
        channel = "file" if self._config.folder is not None else "rest"
        return About(self._config.org, self._config.name, direction, channel, operation, form, kind, object_id)

    def take_receipts(self) -> int:
        """Keep what the operator says of titles; returns how many titles it changed."""
        changed = 0
        for receipt in self._operator.receipts():
            now, name = self._clock(), self._config.name
            with writing(self._engine) as connection:
                is_new = waybill_titles.add_receipt(
                    connection, name, receipt.file_id, receipt.state, receipt.words, receipt.content, now
                )
                if is_new and receipt.state:
                    changed += waybill_titles.take_answer(
                        connection, name, receipt.file_id, receipt.state, receipt.words, now
                    )
            self._operator.noted(receipt)
        return changed


def waybill_threads(engine: Engine, config: WaybillsConfig, snils_hash: SnilsHash) -> Together:
    """A thread for each operator of the configuration; `wake` them after a title was signed.

    Raises `OSError` and `ValueError` for roots or a token that cannot be read.
    """
    return Together(_thread_of(engine, one, config.poll_s, snils_hash) for one in config.operators)


def exchange_with(engine: Engine, config: OperatorConfig, snils_hash: SnilsHash) -> OperatorExchange:
    """The exchange with an operator of the configuration. Raises `OSError`, `ValueError`."""
    roots = x509.load_pem_x509_certificates(config.carriers_ca_file.read_bytes())
    return OperatorExchange(engine, config, operator_of(config), roots, snils_hash)


def operator_of(config: OperatorConfig) -> WaybillOperator:
    """The operator that the configuration names. Raises `OSError`."""
    if config.folder is not None:
        return FolderOperator(config.folder)
    token = config.token_file.read_text("utf-8").strip() if config.token_file is not None else ""
    return HttpOperator(config.url or "", token)


def _leave(_file: IncomingFile, _error: Exception) -> None:
    """It comes again with the next look."""


def _thread_of(engine: Engine, config: OperatorConfig, poll_s: float, snils_hash: SnilsHash) -> Supervised:
    exchange = exchange_with(engine, config, snils_hash)
    steps = (
        Step("files", exchange.take_files),
        Step("parked", exchange.look_again, _PARKED_EVERY_S),
        Step("titles", exchange.send_titles),
        Step("receipts", exchange.take_receipts),
    )
    thread = Supervised(f"waybills-{config.name}", steps, poll_s=poll_s)
    exchange.files_record = lambda: thread.record("files")
    return thread
