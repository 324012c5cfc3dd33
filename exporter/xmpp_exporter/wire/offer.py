"""What stream features offer for the login: SASL (RFC 6120 §6), SASL2 (XEP-0388) and channel binding (XEP-0440)."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"
SASL2 = "{urn:xmpp:sasl:2}"
BIND2 = "{urn:xmpp:bind:0}"
FAST = "{urn:xmpp:fast:0}"
UPGRADE = "{urn:xmpp:sasl:upgrade:0}"
CHANNEL_BINDING = "{urn:xmpp:sasl-cb:0}"


@dataclass(frozen=True, slots=True)
class Offer:
    """Names are as the server writes them, in its order."""

    sasl: tuple[str, ...] = ()
    sasl2: tuple[str, ...] = ()
    inline: ET.Element = field(default_factory=lambda: ET.Element(f"{SASL2}inline"))
    """What may be asked for along with a SASL2 login."""
    has_sasl2: bool = False
    upgrades: tuple[str, ...] = ()
    bindings: tuple[str, ...] | None = None
    """The types of channel binding; None where the server does not say which."""

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """Of both profiles, each once."""
        return tuple(dict.fromkeys(self.sasl + self.sasl2))


def offer_of(features: ET.Element) -> Offer:
    """What these stream features offer."""
    authentication = features.find(f"{SASL2}authentication")
    second = ET.Element("none") if authentication is None else authentication
    inline = second.find(f"{SASL2}inline")
    bindings = features.find(f"{CHANNEL_BINDING}sasl-channel-binding")
    return Offer(
        sasl=_texts(features, f"{SASL}mechanisms/{SASL}mechanism"),
        sasl2=_texts(second, f"{SASL2}mechanism"),
        inline=ET.Element(f"{SASL2}inline") if inline is None else inline,
        has_sasl2=authentication is not None,
        upgrades=_texts(second, f"{UPGRADE}upgrade"),
        bindings=None
        if bindings is None
        else tuple(each.get("type", "") for each in bindings.iterfind(f"{CHANNEL_BINDING}channel-binding")),
    )


def _texts(element: ET.Element, path: str) -> tuple[str, ...]:
    return tuple((found.text or "").strip() for found in element.iterfind(path))
