"""The broker's limits from its CONNACK (MQTT 5, 3.2.2.3). Pure."""

from dataclasses import dataclass

from paho.mqtt.properties import Properties

MOST_RECEIVE = 65535
"""Receive Maximum of a broker that names none."""


@dataclass(frozen=True, slots=True)
class BrokerLimits:
    """Limits of one connection.

    `receive_maximum`: messages without an acknowledgement; `packet_bytes`: the whole control packet, None for no limit.
    """

    receive_maximum: int = MOST_RECEIVE
    packet_bytes: int | None = None
    retains: bool = True
    maximum_qos: int = 2

    @classmethod
    def of(cls, properties: Properties | None) -> "BrokerLimits":
        """Read the properties of a CONNACK; what is not there is not limited."""
        return cls(
            receive_maximum=getattr(properties, "ReceiveMaximum", MOST_RECEIVE),
            packet_bytes=getattr(properties, "MaximumPacketSize", None),
            retains=bool(getattr(properties, "RetainAvailable", 1)),
            maximum_qos=getattr(properties, "MaximumQoS", 2),
        )

    def takes(self, topic: str, payload_bytes: int) -> bool:
        """Whether a message of that content fits into one packet of QoS 1."""
        return self.packet_bytes is None or publish_bytes(topic, payload_bytes) <= self.packet_bytes

    def most_payload_bytes(self, topic: str) -> int | None:
        """The longest content that fits under that topic; None for no limit."""
        if self.packet_bytes is None:
            return None
        spare = publish_bytes(topic, self.packet_bytes) - self.packet_bytes
        return max(0, self.packet_bytes - spare)


def publish_bytes(topic: str, payload_bytes: int) -> int:
    """Size of a PUBLISH of QoS 1 without properties: fixed header, topic, packet id, length of properties, content."""
    remaining = 2 + len(topic.encode("utf-8")) + 2 + 1 + payload_bytes
    length, digits = remaining >> 7, 1
    while length:
        length, digits = length >> 7, digits + 1
    return 1 + digits + remaining
