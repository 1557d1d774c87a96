"""The end, and the coming back, of the thread in which paho-mqtt talks to the broker. For all programs that have an MQTT client.

The library forgets sockets: that of the connection where its thread ends before the broker has hung up, and the pair by which
the thread is woken, at each end and each new beginning. They stay open until the collector comes by.
"""

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode


def end(client: Client) -> None:
    """Say good-bye, wait for the thread's end, and close every socket of the client. One that never began is ended too."""
    client.disconnect()
    client.loop_stop()
    client._reset_sockets()  # noqa: SLF001  # there is no public name for it


def revive(client: Client) -> bool:
    """Start the thread again if it has died: nothing comes in or goes out without it. True if it had."""
    before = client._sockpairR, client._sockpairW  # noqa: SLF001
    if client.loop_start() is not MQTTErrorCode.MQTT_ERR_SUCCESS:
        return False
    for one in before:
        if one is not None:
            one.close()
    return True
