"""A free port stays free until its listener comes: between the two, other tests and programs take ports too."""

import contextlib
import errno
import socket

import pytest

from dopusk.lab.broker import HOST, free_port


def test_a_port_that_was_found_is_kept_for_who_asks_for_it() -> None:
    port = free_port()
    with socket.socket() as stranger, pytest.raises(OSError) as refused:  # noqa: PT011 - the number is looked at below
        stranger.bind((HOST, port))
    assert refused.value.errno == errno.EADDRINUSE
    with socket.create_server((HOST, port)) as listener:
        assert listener.getsockname()[1] == port


def test_ports_found_one_after_the_other_differ_from_each_other_and_from_any_other() -> None:
    found = [free_port() for _ in range(50)]
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(socket.create_server((HOST, 0))).getsockname()[1] for _ in range(200)]
    assert len(set(found)) == len(found)
    assert not set(found) & set(others)
