"""What a domain publishes about itself for other people: contacts, outages, its place in the network."""

import json
import urllib.parse

from xmpp_exporter.checks.combine import Judgement, all_supported, each
from xmpp_exporter.checks.pubsub import PUBSUB
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.service import SERVER_INFO, URI
from xmpp_exporter.checks.shared import asked, info_of, offered_by_domain
from xmpp_exporter.checks.verdicts import broken, of_endpoint_error, supported, unsupported, without_place
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import WireError
from xmpp_exporter.wire.http import site_of
from xmpp_exporter.wire.stanza import quoteattr

CONTACTS = ("abuse", "admin", "feedback", "sales", "security", "status", "support")
"""XEP-0157 §4; the fields are called abuse-addresses and so on."""
EXPECTED = ("abuse", "admin", "security", "support")
"""Those that every service has somebody for."""
OUTAGES = "urn:xmpp:sos:0"
NETWORK = "urn:xmpp:serverinfo:0"

MAX_ADDRESSES = 3
"""Status addresses that are fetched."""

_SHOWN = 300
"""Characters of what the server says that go into a detail."""


@check("xep0157")
async def contact_addresses(server: Server) -> Outcome:
    """XEP-0157 §3: each field holds URIs; feedback, sales and status are for those who have them."""
    form = (await info_of(server, server.domain)).form(SERVER_INFO)
    if form is None:
        return unsupported(f"the domain's service discovery has no form {SERVER_INFO}")
    found = {kind: [value for value in form.get(f"{kind}-addresses", ()) if value] for kind in CONTACTS}
    listed = "; ".join(f"{kind}: {', '.join(values)}" for kind, values in found.items() if values)[:_SHOWN]
    misspelt = [value for values in found.values() for value in values if not URI.fullmatch(value)]
    if misspelt:
        example = f"a contact must be a URI, such as mailto:admin@{server.domain}"
        return broken(Reason.MISMATCH, f"{example}, not {', '.join(misspelt)[:_SHOWN]}")
    missing = [f"{kind}-addresses" for kind in EXPECTED if not found[kind]]
    if missing:
        detail = f"the domain's form {SERVER_INFO} has no {', '.join(missing)}"
        return unsupported(detail + (f"; it has {listed}" if listed else ""))
    return supported(listed)


@check("xep0455")
async def outage_status(server: Server) -> Outcome:
    """XEP-0455 §2: the addresses lead to JSON that clients can read when the server itself is away."""
    form = (await info_of(server, server.domain)).form(OUTAGES)
    addresses = [address for address in (form or {}).get("external-status-addresses", ()) if address]
    if not addresses:
        return unsupported(f"the domain's service discovery has no form {OUTAGES} with external-status-addresses")
    judgements: dict[str, Judgement] = {address: _status(server, address) for address in addresses[:MAX_ADDRESSES]}
    return all_supported(await each(judgements))


async def _status(server: Server, address: str) -> Outcome:
    if not address.lower().startswith("https://"):
        return broken(Reason.MISMATCH, "must start with https://")
    try:
        response = await server.http.request("GET", address, redirects=True)
    except WireError as error:
        return without_place(of_endpoint_error(error), site_of(address))
    if response.status != 200:
        return broken(Reason.HTTP_STATUS, f"answers with the status {response.status}")
    try:
        status = json.loads(response.body)
    except (ValueError, RecursionError):
        return broken(Reason.MISMATCH, "is not JSON")
    if not isinstance(status, dict) or (status and not isinstance(status.get("beginning"), str)):
        return broken(Reason.MISMATCH, "is not a status: neither an empty object nor one with a beginning")
    return supported("tells of an outage" if status else "no outage")


@check("xep0485")
async def network_information(server: Server) -> Outcome:
    """XEP-0485 §3: the node that the domain names has the information."""
    if missing := await offered_by_domain(server, NETWORK):
        return missing
    form = (await info_of(server, server.domain)).form(SERVER_INFO) or {}
    address = next(iter(form.get("serverinfo-pubsub-node", ())), "")
    if not address:
        return supported("offered; where it is published is not named (serverinfo-pubsub-node)")
    service, node = _location(address)
    if not node or not (service == server.domain or service.endswith(f".{server.domain}")):
        return broken(Reason.MISMATCH, f"{address[:_SHOWN]!r} names no node on a service of the domain")
    request = f"<pubsub xmlns='{PUBSUB}'><items node={quoteattr(node)} max_items='1'/></pubsub>"
    reply = await asked(f"for {node} on {service}", server.session.iq("get", request, service))
    if next(reply.iter(f"{{{NETWORK}}}domain"), None) is None:
        return broken(Reason.MISMATCH, f"no information is published at {address[:_SHOWN]}")
    return supported(f"published at {address[:_SHOWN]}")


def _location(address: str) -> tuple[str, str]:
    """Service and node of a URI such as xmpp:pubsub.example.org?;node=serverinfo (XEP-0060 §12.22)."""
    scheme, _, rest = address.partition(":")
    path, _, query = rest.partition("?")
    parameters = dict(part.partition("=")[::2] for part in query.split(";"))
    return path.lower() if scheme == "xmpp" else "", urllib.parse.unquote(parameters.get("node", ""))
