"""What a hostile or broken server does with a connection before anybody has logged in."""

import asyncio

from tests.servers.fake.listener import Behaviour, Connection

HEADER = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    "id='fake' version='1.0' from='{domain}'>"
)

ENTITIES = (
    "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol0 'lol'>"
    + "".join(f"<!ENTITY lol{n} '{f'&lol{n - 1};' * 10}'>" for n in range(1, 10))
    + "]>"
)
"""The billion laughs: ten entities, each ten times the one before."""


async def silent(connection: Connection) -> None:
    """Accept, read, and never say a word."""
    while await connection.reader.read(65536):
        pass


async def closes_at_once(connection: Connection) -> None:
    """Accept and hang up."""


async def says_http(connection: Connection) -> None:
    """Answer as a web server would."""
    await connection.reader.read(65536)
    await connection.send(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html><body>400</body></html>\r\n"
    )
    await silent(connection)


def never_ends_a_stanza(domain: str, chunk: str = "x" * 65536) -> Behaviour:
    """Open the stream, begin its features, and send character data without end."""

    async def behave(connection: Connection) -> None:
        await connection.reader.read(65536)
        await connection.send(HEADER.format(domain=domain) + "<stream:features><mechanisms>")
        while True:
            await connection.send(chunk)

    return behave


def declares_entities(domain: str) -> Behaviour:
    """Begin the stream with a document type that expands to billions of characters, and use it."""

    async def behave(connection: Connection) -> None:
        await connection.reader.read(65536)
        header = HEADER.format(domain=domain).removeprefix("<?xml version='1.0'?>")
        await connection.send(f"{ENTITIES}{header}<stream:features>&lol9;</stream:features>")
        await silent(connection)

    return behave


def drips(domain: str, interval: float = 0.05) -> Behaviour:
    """Send a stream header and endless whitespace, one byte every `interval` seconds."""

    async def behave(connection: Connection) -> None:
        header = HEADER.format(domain=domain)
        while True:
            for character in header:
                await connection.send(character)
                await asyncio.sleep(interval)
            header = " "

    return behave
