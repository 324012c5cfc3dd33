"""Listening on a loopback port and handing each connection to a behaviour."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class Connection:
    """One client's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, text: str) -> None:
        self.writer.write(text.encode())
        await self.writer.drain()

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
    open: set["asyncio.Task[None]"] = field(default_factory=set)


@asynccontextmanager
async def listening(
    behaviour: Behaviour, address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Listener]:
    """Serve `behaviour` on a free port (or `port`), behind direct TLS with `tls`; all connections end with the context.

    An exception in a behaviour that is not the client's going away fails the context, and with it the test.
    """
    errors: list[Exception] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        listener.accepted += 1
        listener.open.add(task)
        try:
            await behaviour(Connection(reader, writer))
        except (OSError, EOFError):
            pass
        except Exception as error:
            errors.append(error)
        finally:
            listener.open.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, address, port, ssl=tls)
    listener = Listener(address, server.sockets[0].getsockname()[1])
    try:
        yield listener
    finally:
        server.close()
        tasks = list(listener.open)
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        if errors:
            raise ExceptionGroup("the fake server failed", errors)
