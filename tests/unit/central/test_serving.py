"""The socket on which the console is served."""

import asyncio
import socket

from dopusk.commands.central_serve import listen


def test_answers_are_not_held_back_for_the_browser_to_acknowledge_their_head() -> None:
    async def no_delay() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def taken(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listen("127.0.0.1", 0)
        async with await asyncio.start_server(taken, sock=listener):
            _reader, writer = await asyncio.open_connection(*listener.getsockname())
            try:
                return await asyncio.wait_for(found, 20)
            finally:
                writer.close()
                await writer.wait_closed()

    assert asyncio.run(no_delay())
