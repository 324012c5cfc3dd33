"""A TCP port that hands everything on to another one, until it is told to keep answers back, or to cut the line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Relay:
    """What goes through it now. Use `relayed`."""

    def __init__(self, address: str, port: int) -> None:
        self.port = 0
        """Where to connect to, on the same address."""
        self.kept_back = 0
        """Bytes of the server that were kept back, since `keep_back`."""
        self._address, self._onward_port = address, port
        self._keeping = False
        self._carriers: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def keep_back(self) -> None:
        """From now on, nothing of what the server says arrives; what it is told does."""
        self._keeping, self.kept_back = True, 0

    def cut(self) -> None:
        """Break all connections, without a word to either end; new ones work."""
        self._keeping = False
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward_reader, onward_writer = await asyncio.open_connection(self._address, self._onward_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, onward_writer}
        self._carriers |= {
            asyncio.create_task(self._carry(reader, onward_writer, from_server=False)),
            asyncio.create_task(self._carry(onward_reader, writer, from_server=True)),
        }

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_server: bool) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if from_server and self._keeping:
                    self.kept_back += len(data)
                else:
                    writer.write(data)
        writer.close()

    async def close(self) -> None:
        self.cut()
        for task in self._carriers:
            task.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)


@asynccontextmanager
async def relayed(address: str, port: int) -> AsyncIterator[Relay]:
    """A relay to that port, on another port of the same address."""
    relay = Relay(address, port)
    server = await asyncio.start_server(relay.accept, address, 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        await relay.close()
