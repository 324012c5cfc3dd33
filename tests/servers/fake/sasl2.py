"""The server's side of SASL2 (XEP-0388) with Bind 2 and tokens (XEP-0386, XEP-0484), which can be made to lie."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from tests.servers.fake.scram import ScramError, ScramServer
from tests.servers.fake.xmpp import SASL, Session

SASL2 = "{urn:xmpp:sasl:2}"
BIND = "{urn:xmpp:bind:0}bind"
FAST = "{urn:xmpp:fast:0}"
TOKEN = "a token of the fake server"


@dataclass(slots=True)
class Sasl2Server:
    """What FakeXmpp calls for each login by SASL2. `binding` is for mechanisms of tokens whose name ends in -ENDP.

    A token is good once, and only while it is in `tokens`, by mechanism.
    """

    domain: str
    passwords: Mapping[str, str] = field(default_factory=lambda: {"probe": "secret"})
    binding: bytes = b""
    identity: str = ""
    """What the client is told that it is, instead of what it is."""
    bind: bool = True
    give: bool = True
    keep: bool = True
    """Whether a token that was given is known afterwards."""
    task: str = ""
    """What the client is asked to do before it gets in."""
    honest: bool = True
    """Whether it can show that it knows a token."""
    tokens: dict[str, str] = field(default_factory=dict)
    agents: list[str] = field(default_factory=list)

    async def __call__(self, session: Session, request: Element) -> None:
        agent = request.find(f"{SASL2}user-agent")
        self.agents.append("" if agent is None else agent.get("id", ""))
        mechanism = request.get("mechanism", "")
        first = base64.b64decode(request.findtext(f"{SASL2}initial-response") or "")
        try:
            if mechanism.startswith("HT-"):
                user, proof = self._by_token(request, mechanism, first)
            else:
                user, proof = await self._by_password(session, mechanism, first.decode())
        except ScramError as error:
            await session.send(f"<failure xmlns='urn:xmpp:sasl:2'><{error} xmlns='{SASL}'/></failure>")
            return
        await self._let_in(session, request, f"{user}@{self.domain}", proof)

    def _by_token(self, request: Element, mechanism: str, first: bytes) -> tuple[str, bytes]:
        user, _, proof = first.partition(b"\0")
        feature = request.find(f"{FAST}fast")
        secret = self.tokens.get(mechanism)
        if feature is None or secret is None:
            raise ScramError("credentials-expired")
        binding = self.binding if mechanism.endswith("-ENDP") else b""
        if proof != hmac.digest(secret.encode(), b"Initiator" + binding, "sha256"):
            raise ScramError("not-authorized")
        if feature.get("invalidate") == "true":
            del self.tokens[mechanism]
        return user.decode(), hmac.digest(secret.encode() if self.honest else b"", b"Responder" + binding, "sha256")

    async def _by_password(self, session: Session, mechanism: str, first: str) -> tuple[str, bytes]:
        exchange = ScramServer(mechanism, self.passwords)
        await session.send(f"<challenge xmlns='urn:xmpp:sasl:2'>{_encoded(exchange.first(first).encode())}</challenge>")
        response = await session.receive()
        proof = exchange.final(base64.b64decode(response.text or "").decode())
        return exchange.user, proof.encode()

    async def _let_in(self, session: Session, request: Element, jid: str, proof: bytes) -> None:
        data = f"<additional-data>{_encoded(proof)}</additional-data>"
        if self.task:
            tasks = f"<tasks><task>{self.task}</task></tasks>"
            await session.send(f"<continue xmlns='urn:xmpp:sasl:2'>{data}{tasks}</continue>")
            return
        bound = token = ""
        if self.bind and request.find(BIND) is not None:
            jid, bound = f"{jid}/xmpp-exporter.1", "<bound xmlns='urn:xmpp:bind:0'/>"
        wanted = request.find(f"{FAST}request-token")
        if self.give and wanted is not None:
            if self.keep:
                self.tokens[wanted.get("mechanism", "")] = TOKEN
            token = f"<token xmlns='urn:xmpp:fast:0' token='{TOKEN}' expiry='2038-01-19T03:14:07Z'/>"
        identity = f"<authorization-identifier>{self.identity or jid}</authorization-identifier>"
        await session.send(f"<success xmlns='urn:xmpp:sasl:2'>{data}{identity}{bound}{token}</success>")
        await session.send("<stream:features/>")


def _encoded(message: bytes) -> str:
    return base64.b64encode(message).decode()
