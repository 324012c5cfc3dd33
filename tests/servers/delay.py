"""A slow way on loopback: a TCP port that hands everything on to another one, later. For use inside an event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def delayed(address: str, port: int, seconds: float) -> AsyncIterator[int]:
    """Yields a port of the same address; each byte takes `seconds` longer through it, in both directions."""
    carriers: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                loop.call_later(seconds, writer.write, data)
        loop.call_later(seconds, writer.close)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        onward_reader, onward_writer = await asyncio.open_connection(address, port)
        writers.append(onward_writer)
        carriers.add(asyncio.create_task(carry(reader, onward_writer)))
        carriers.add(asyncio.create_task(carry(onward_reader, writer)))

    server = await asyncio.start_server(accept, address, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in carriers:
            task.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()
