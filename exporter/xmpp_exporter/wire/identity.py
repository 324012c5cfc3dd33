"""Speaking to other servers as one of them: a domain of ours, and its certificate."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xmpp_exporter.model import Failure
from xmpp_exporter.wire.errors import Disconnected, LoginFailed, StreamRefused, TlsFailed, WireError
from xmpp_exporter.wire.offer import SASL, offer_of
from xmpp_exporter.wire.tls import TlsContexts
from xmpp_exporter.wire.xml import local

if TYPE_CHECKING:
    from xmpp_exporter.wire.stream import Stream

TURNED_AWAY = (TlsFailed, StreamRefused, Disconnected)
"""How a server may answer to a domain or a certificate that it does not like."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The `domain` that is told in stream headers, and the TLS contexts that present its certificate."""

    domain: str
    tls: TlsContexts


async def authenticate(stream: "Stream", identity: Identity) -> WireError | None:
    """Log in by SASL EXTERNAL where that is offered (XEP-0178 §3); returns why it failed, if it did.

    Nothing may be asked of the stream after it. Some servers offer EXTERNAL to everybody, and look at the certificate
    only now.
    """
    if "EXTERNAL" not in offer_of(stream.features).sasl:
        return None
    name = base64.b64encode(identity.domain.encode()).decode()
    stream.send(f"<auth xmlns='{SASL[1:-1]}' mechanism='EXTERNAL'>{name}</auth>")
    try:
        answer = await stream.read()
    except WireError as error:
        return error
    if answer.tag == f"{SASL}success":
        return None
    told = [local(child) for child in answer if local(child) != "text"]
    text = (answer.findtext(f"{SASL}text") or "").strip()[:200]
    return LoginFailed(Failure.AUTH_FAILED, f"{', '.join(told) or local(answer)}" + (f": {text}" if text else ""))
