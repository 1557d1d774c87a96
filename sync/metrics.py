"""Metrics of sync for Prometheus. Served on the loopback only, and only where a port is configured."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

queued = Gauge("dopusk_terminal_queued_messages", "Messages without the centre's receipt", registry=REGISTRY)
parked = Gauge("dopusk_terminal_parked_messages", "Messages that the centre refused", registry=REGISTRY)
oldest_s = Gauge(
    "dopusk_terminal_oldest_unreceipted_seconds", "Age of the oldest message without a receipt", registry=REGISTRY
)
connected = Gauge("dopusk_terminal_connected", "1 while the broker has us", registry=REGISTRY)
connects = Counter("dopusk_terminal_connects", "Connections to the broker", registry=REGISTRY)
network_revivals = Counter("dopusk_terminal_network_revivals", "Deaths of the network thread", registry=REGISTRY)
published = Counter("dopusk_terminal_published", "Messages handed to the broker", ["try"], registry=REGISTRY)
receipts = Counter("dopusk_terminal_receipts", "Receipts of the centre", ["outcome"], registry=REGISTRY)
refused = Counter(
    "dopusk_terminal_refused_messages", "Messages from the centre that were not taken", ["code"], registry=REGISTRY
)
unheard = Counter("dopusk_terminal_unheard", "Messages that the broker could hand to nobody", registry=REGISTRY)
receiptless = Counter("dopusk_terminal_receiptless", "Times when no receipts came for long", registry=REGISTRY)
store_trouble = Counter("dopusk_terminal_store_trouble", "Times the store could not be written", registry=REGISTRY)
wal_bytes = Gauge("dopusk_terminal_wal_bytes", "Size of the store's write-ahead log", registry=REGISTRY)
thread_faults = Counter(
    "dopusk_terminal_thread_faults", "Faults of the program that a thread survived", ["thread"], registry=REGISTRY
)
unsendable = Counter("dopusk_terminal_unsendable", "Messages that cannot be put on the wire, parked", registry=REGISTRY)
kiosk_faults = Gauge(
    "dopusk_terminal_kiosk_faults", "Faults that the kiosk's threads survived, as it says itself", registry=REGISTRY
)
commit_s = Histogram(
    "dopusk_terminal_commit_seconds",
    "Commit of receipts and of what the centre sent",
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
    registry=REGISTRY,
)
