"""Listening on a loopback port and handing each connection to a behaviour."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Connection:
    """One client's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, text: str) -> None:
        self.writer.write(text.encode())
        await self.writer.drain()
        # A behaviour that sends without end shares its event loop; behind TLS, drain may neither wait nor see the end.
        await asyncio.sleep(0)

    async def encrypt(self, context: ssl.SSLContext) -> None:
        """Do the server's part of a TLS handshake on the open connection."""
        await self.writer.start_tls(context)

    def reset(self) -> None:
        """Drop the connection without a goodbye."""
        self.writer.transport.abort()


Behaviour = Callable[[Connection], Awaitable[None]]


@dataclass(slots=True)
class Listener:
    """Where the fake listens, and how many clients it has met."""

    address: str
    port: int
    accepted: int = 0


@asynccontextmanager
async def listening(
    behaviour: Behaviour, address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Listener]:
    """Serve `behaviour` on a free port (or `port`), behind direct TLS with `tls`; all connections end with the context.

    An exception in a behaviour that is not the client's going away fails the context, and with it the test.
    """
    errors: list[BaseException] = []
    handlers: set[asyncio.Task[None]] = set()
    behaving: set[asyncio.Task[None]] = set()

    async def behave(connection: Connection) -> None:
        await behaviour(connection)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = asyncio.current_task()
        assert handler is not None
        handlers.add(handler)
        listener.accepted += 1
        # A task of its own: Python 3.11 logs an error when the task that asyncio made for the connection is cancelled.
        task = asyncio.create_task(behave(Connection(reader, writer)))
        behaving.add(task)
        await asyncio.wait([task])
        behaving.discard(task)
        if task.cancelled():
            # The client may not read any more: do not wait until it has got what is still in the buffer.
            writer.transport.abort()
        elif (error := task.exception()) and not isinstance(error, (OSError, EOFError)):
            errors.append(error)
        writer.close()
        handlers.discard(handler)

    server = await asyncio.start_server(serve, address, port, ssl=tls)
    listener = Listener(address, server.sockets[0].getsockname()[1])
    try:
        yield listener
    finally:
        server.close()
        for task in behaving:
            task.cancel()
        await asyncio.gather(*handlers)
        await server.wait_closed()
        if errors:
            raise BaseExceptionGroup("the fake server failed", errors)
