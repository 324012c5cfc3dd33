"""Looking for a message of ours in an account's archive (XEP-0313 §4)."""

import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from xmpp_exporter.checks.resources import body_of
from xmpp_exporter.wire.session import CLIENT, Session

MAM = "urn:xmpp:mam:2"
STANZA_ID = "{urn:xmpp:sid:0}stanza-id"
LAST = "<set xmlns='http://jabber.org/protocol/rsm'><max>10</max><before/></set>"
"""The last page: so that it does not matter what time the server thinks it is."""


@dataclass(frozen=True, slots=True)
class Archived:
    """A message in an archive, and the archive's id of it."""

    id: str
    message: ET.Element

    def stanza_id(self, archive: str) -> str:
        """The id that the message itself says it has in this archive (XEP-0359 §3.1); empty if it does not say."""
        return next((each.get("id", "") for each in self.message.iterfind(STANZA_ID) if each.get("by") == archive), "")


async def find(session: Session, text: str) -> Archived | None:
    """The message with this text among the last ones, or None. Raises WireError."""
    query_id = uuid.uuid4().hex

    def is_result(element: ET.Element) -> bool:
        result = element.find(f"{{{MAM}}}result")
        return result is not None and result.get("queryid") == query_id

    with session.listen(is_result) as results:
        await session.iq("set", f"<query xmlns='{MAM}' queryid='{query_id}'>{LAST}</query>")
        for element in results.collected():
            result, message = element.find(f"{{{MAM}}}result"), element.find(f"{{{MAM}}}result//{CLIENT}message")
            if result is not None and message is not None and body_of(message) == text:
                return Archived(result.get("id", ""), message)
    return None
