"""Metrics of the centre for Prometheus. One registry per process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()

messages = Counter(
    "dopusk_messages", "Messages of terminals by kind and outcome", ["kind", "outcome"], registry=REGISTRY
)
refused = Counter("dopusk_refused", "Refused messages by reason", ["code"], registry=REGISTRY)
batch_messages = Histogram(
    "dopusk_batch_messages",
    "Messages in one transaction",
    buckets=(1, 5, 20, 50, 100, 200, 500, 1000),
    registry=REGISTRY,
)
commit_s = Histogram(
    "dopusk_commit_seconds",
    "From the first message of a batch to its commit",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
store_retries = Counter("dopusk_store_retries", "Batches that had to wait for the store or the disk", registry=REGISTRY)
broker_connects = Gauge(
    "dopusk_broker_connects", "Connections to the broker since the start", ["part"], registry=REGISTRY
)
outbox_backlog = Gauge("dopusk_outbox_backlog", "Messages that terminals have not acknowledged", registry=REGISTRY)
outbox_oldest_s = Gauge("dopusk_outbox_oldest_seconds", "Age of the oldest of them", registry=REGISTRY)
refused_below = Counter(
    "dopusk_refused_by_terminals",
    "Messages of the centre that a terminal refused, by kind and code",
    ["kind", "code"],
    registry=REGISTRY,
)
refusals_open = Gauge(
    "dopusk_refused_by_terminals_open",
    "Those that nobody has sent again, by kind and code",
    ["kind", "code"],
    registry=REGISTRY,
)
certificate_days_left = Gauge(
    "dopusk_certificate_days_left",
    "Days until a certificate of centre, broker or authority ends",
    ["certificate"],
    registry=REGISTRY,
)
retained = Counter(
    "dopusk_retained",
    "Messages that a terminal told the broker to retain, and that were cleared away",
    registry=REGISTRY,
)
dispatched = Counter("dopusk_dispatched", "Messages handed to the broker, by kind", ["kind"], registry=REGISTRY)
rate_limited = Counter(
    "dopusk_rate_limited", "Requests refused because the caller knocked too often", ["door"], registry=REGISTRY
)
time_stamps = Counter("dopusk_time_stamps", "Time stamps asked for, by outcome", ["outcome"], registry=REGISTRY)
notices_waiting = Gauge(
    "dopusk_notices_waiting", "Notices that their channel has not taken yet and that are tried again", registry=REGISTRY
)
notices_failed = Gauge(
    "dopusk_notices_failed", "Notices that were given up after a week, of channels in use", registry=REGISTRY
)
notices_oldest_s = Gauge("dopusk_notices_oldest_seconds", "Age of the oldest that waits", registry=REGISTRY)
thread_alive = Gauge("dopusk_thread_alive", "Whether a thread of the centre lives", ["thread"], registry=REGISTRY)
thread_restarts = Counter(
    "dopusk_thread_restarts", "Errors after which a thread went on with its next step", ["thread"], registry=REGISTRY
)
step_failing = Gauge(
    "dopusk_step_failing",
    "Whether a step of a thread fails now, is stuck, or has lost its thread",
    ["thread", "step"],
    registry=REGISTRY,
)
step_failures = Counter(
    "dopusk_step_failures",
    "What went wrong in a step of a thread, by kind of error",
    ["thread", "step", "error"],
    registry=REGISTRY,
)
sealed_rows = Counter("dopusk_sealed_rows", "Rows that were sealed since the start", registry=REGISTRY)
sealed_at = Gauge(
    "dopusk_sealed_at", "When everything was last found sealed, in seconds of Unix time", registry=REGISTRY
)


def render() -> bytes:
    """The text that Prometheus reads."""
    return generate_latest(REGISTRY)
