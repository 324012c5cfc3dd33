"""What a browser asks before a web page may use another site (the Fetch standard, §3.2 "CORS protocol")."""

from collections.abc import Collection

from xmpp_exporter.wire.http import Http, Response

ORIGIN = "https://web-client.example.org"
"""Where the web client that we stand for would have been loaded from."""


ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def readable(response: Response) -> bool:
    """Whether the response allows our origin, by itself or as any."""
    return response.header(ALLOW_ORIGIN) in ("*", ORIGIN)


def written(response: Response) -> str:
    """The header as it is, for people."""
    origin = response.header(ALLOW_ORIGIN)
    return f"{ALLOW_ORIGIN} is {origin[:100]!r}" if origin else f"{ALLOW_ORIGIN} is missing"


async def preflight(http: Http, url: str, method: str, headers: Collection[str]) -> Response:
    """The answer to a browser's question whether it may send `method` with these `headers` (lower-case names)."""
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": ",".join(sorted(headers))}
    return await http.request("OPTIONS", url, headers={"Origin": ORIGIN} | asked)


def refusal(response: Response, method: str, headers: Collection[str]) -> str | None:
    """What in this answer to a preflight keeps a browser from its request; None if nothing does."""
    if not 200 <= response.status <= 299:
        return f"the status is {response.status}, not 2xx"
    if not readable(response):
        other = response.header(ALLOW_ORIGIN)
        return written(response) + (", which is neither any origin nor the asking one" if other else "")
    if method not in ("GET", "HEAD", "POST") and not _lists(response, "Access-Control-Allow-Methods", method):
        return f"Access-Control-Allow-Methods does not have {method}"
    for header in sorted(headers):
        if not _lists(response, "Access-Control-Allow-Headers", header):
            return f"Access-Control-Allow-Headers does not have {header}"
    return None


def _lists(response: Response, header: str, wanted: str) -> bool:
    """The wildcard covers everything but the one header that carries a password."""
    values = {value.strip().lower() for value in response.header(header).split(",")}
    return wanted.lower() in values or ("*" in values and wanted.lower() != "authorization")
