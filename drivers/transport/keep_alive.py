"""Notices that the other end of a TCP connection is gone although it never said so (no FIN: a radio link, a power cut)."""

import socket

IDLE_S = 5
PROBES = 3
_PROBE_EVERY_S = 1
_UNACKNOWLEDGED_MS = 8000


def keep_alive(connection: socket.socket) -> None:
    """Have the kernel ask after 5 s of silence, and end the connection when three questions stay without an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_EVERY_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
