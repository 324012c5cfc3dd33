"""Looking for a message of ours in an account's archive (XEP-0313 §4)."""

import uuid
import xml.etree.ElementTree as ET

from xmpp_exporter.checks.resources import body_of
from xmpp_exporter.wire.session import CLIENT, Session

MAM = "urn:xmpp:mam:2"
LAST = "<set xmlns='http://jabber.org/protocol/rsm'><max>10</max><before/></set>"
"""The last page: so that it does not matter what time the server thinks it is."""


async def find(session: Session, text: str) -> ET.Element | None:
    """The archived message with this text among the last ones, or None. Raises WireError."""
    query_id = uuid.uuid4().hex

    def is_result(element: ET.Element) -> bool:
        result = element.find(f"{{{MAM}}}result")
        return result is not None and result.get("queryid") == query_id

    with session.listen(is_result) as results:
        await session.iq("set", f"<query xmlns='{MAM}' queryid='{query_id}'>{LAST}</query>")
        found = (element.find(f"{{{MAM}}}result//{CLIENT}message") for element in results.collected())
        return next((message for message in found if message is not None and body_of(message) == text), None)
