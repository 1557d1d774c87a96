"""Bare paho as the yardstick: how long messages take from one client to another when neither does anything with them."""

import ssl
import threading
import time
from collections.abc import Sequence

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from sync import network_thread

STALLED_S = 60.0


class BenchFailed(Exception):
    """A figure could not be had: something did not end in time."""


def bare_paho_s(
    address: tuple[str, int], tls: ssl.SSLContext, topic: str, payloads: Sequence[bytes], count: int, window: int
) -> float:
    """Seconds for `count` messages (the payloads in turn), QoS 1 with TLS, from a publisher to a subscriber that only counts.

    Both are connected before the clock starts. `window` messages are on their way from end to end at most: a broker drops
    what a slow subscriber leaves waiting. `topic` must be one that nobody else
    reads: an ingest worker that has to refuse these messages would make the yardstick slow. Raises `BenchFailed`.
    """
    listening, done = threading.Event(), threading.Event()
    room = threading.Semaphore(window)
    seen = 0

    def count_one(_client: mqtt.Client, _user: object, _message: mqtt.MQTTMessage) -> None:
        nonlocal seen
        seen += 1
        room.release()
        if seen == count:
            done.set()

    subscriber = mqtt.Client(CallbackAPIVersion.VERSION2, "bare-subscriber", protocol=mqtt.MQTTv5)
    publisher = mqtt.Client(CallbackAPIVersion.VERSION2, "bare-publisher", protocol=mqtt.MQTTv5)
    subscriber.on_message = count_one
    subscriber.on_subscribe = lambda *_: listening.set()
    for client in (subscriber, publisher):
        client.tls_set_context(tls)
        client.max_inflight_messages_set(window)
        client.connect(*address)
        client.loop_start()
    try:
        subscriber.subscribe(topic, qos=1)
        if not listening.wait(30):
            raise BenchFailed("the bare subscriber was not let in")
        began_s = time.perf_counter()
        for number in range(count):
            if not room.acquire(timeout=STALLED_S):
                raise BenchFailed(f"after {seen} of {count} bare messages none has arrived for {STALLED_S:.0f} s")
            publisher.publish(topic, payloads[number % len(payloads)], qos=1)
        if not done.wait(STALLED_S):
            raise BenchFailed(f"{seen} of {count} bare messages arrived")
        return time.perf_counter() - began_s
    finally:
        for client in (subscriber, publisher):
            network_thread.end(client)
