"""A slot for one small file on an upload service (XEP-0363 §4): asked for once, for all checks that need one."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

from xmpp_exporter.checks.avatar import pixel
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.shared import asked

UPLOAD = "urn:xmpp:http:upload:0"
CONTENT_TYPE = "image/png"

_ALLOWED = frozenset({"authorization", "cookie", "expires"})
"""All headers that a service may ask for; clients leave others out."""
_OF_PAGES = frozenset({"authorization"})
"""Those that a web page can set, beside the content type."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where to put the file, and where it is then."""

    put: str
    headers: Mapping[str, str]
    """What the upload must have, by lower-case name."""
    get: str
    file: bytes

    @property
    def page_headers(self) -> frozenset[str]:
        """Names of those headers of the upload that a web page has to ask for."""
        return frozenset({"content-type"} | (self.headers.keys() & _OF_PAGES))


async def slot_of(server: Server, service: str) -> Slot | None:
    """The slot for a picture of one pixel, of less than 100 bytes: services count what is promised.

    None where the answer has none. Raises WireError.
    """
    return await server.share(f"slot {service}", lambda: _request(server, service))


async def _request(server: Server, service: str) -> Slot | None:
    file = pixel().png
    request = (
        f"<request xmlns='{UPLOAD}' filename='xmpp-exporter.png' size='{len(file)}' content-type='{CONTENT_TYPE}'/>"
    )
    return _read(await asked("for an upload slot", server.session.iq("get", request, service)), file)


def _read(slot: ET.Element, file: bytes) -> Slot | None:
    put, get = slot.find(f"{{{UPLOAD}}}put"), slot.find(f"{{{UPLOAD}}}get")
    if put is None or get is None:
        return None
    found = {header.get("name", "").lower(): header.text or "" for header in put.iterfind(f"{{{UPLOAD}}}header")}
    headers = {name: value for name, value in found.items() if name in _ALLOWED}
    return Slot(put.get("url", ""), headers, get.get("url", ""), file)
