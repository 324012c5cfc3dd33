"""An open WebSocket that carries text (RFC 6455), as XMPP needs it (RFC 7395)."""

import asyncio

import aiohttp

from xmpp_exporter.wire.errors import Disconnected, ProtocolViolation, TimedOut


class WebSocket:
    """Sends and receives text messages. `reply` is the wait for one, in seconds, pings in between or not."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, site: str, reply: float) -> None:
        self._socket = socket
        self._site = site
        self._reply = reply

    async def send(self, text: str) -> None:
        """Raises Disconnected."""
        try:
            await self._socket.send_str(text)
        except (aiohttp.ClientError, OSError) as error:
            raise Disconnected(f"{self._site} broke the connection: {error}") from error

    async def receive(self) -> str:
        """The next message. Raises TimedOut, Disconnected, or ProtocolViolation for anything but text."""
        try:
            async with asyncio.timeout(self._reply):
                message = await self._socket.receive()
        except TimeoutError:
            raise TimedOut(f"{self._site} sent nothing for {self._reply:g} s") from None
        if message.type is aiohttp.WSMsgType.TEXT:
            return str(message.data)
        if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED):
            code = self._socket.close_code
            raise Disconnected(f"{self._site} closed the WebSocket" + (f" (code {code})" if code else ""))
        if message.type is aiohttp.WSMsgType.BINARY:
            raise ProtocolViolation(f"{self._site} sent a binary message where text belongs")
        raise ProtocolViolation(f"{self._site} broke the rules of WebSockets: {message.data}")
