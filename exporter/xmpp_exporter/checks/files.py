"""Sending files: upload over HTTP, and the proxy for direct transfers."""

import ipaddress
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from xmpp_exporter.checks import cors
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.services import Role, Services, judge_each, services
from xmpp_exporter.checks.shared import asked
from xmpp_exporter.checks.verdicts import broken, of_endpoint_error, supported, unsupported
from xmpp_exporter.memo import together
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.disco import Info
from xmpp_exporter.wire.errors import WireError
from xmpp_exporter.wire.http import Response

UPLOAD = "urn:xmpp:http:upload:0"
OLD_UPLOAD = "urn:xmpp:http:upload"
BYTESTREAMS = "http://jabber.org/protocol/bytestreams"

_NO_UPLOAD = unsupported("neither the domain nor one of its items is an HTTP upload service")
_NO_PROXY = unsupported("no item of the domain is a SOCKS5 bytestreams proxy")


async def _upload_services(server: Server) -> Services:
    role = Role("upload", lambda info: bool(info.features & {UPLOAD, OLD_UPLOAD}))
    return await services(server, role, server.config.upload_service)


@check("xep0363")
async def http_upload(server: Server) -> Outcome:
    """XEP-0363 §3: the service is found, and may say how large a file it takes."""

    async def judge(jid: str, info: Info) -> Outcome:
        if UPLOAD not in info.features:
            return unsupported(f"has only {OLD_UPLOAD}, not {UPLOAD}", Reason.OUTDATED)
        limit = _max_bytes(info)
        if limit is None:
            return supported("an upload service that names no largest size")
        return supported(f"takes files of up to {limit} bytes", {"xmpp_http_upload_max_bytes": limit})

    return await judge_each(await _upload_services(server), judge, _NO_UPLOAD, "upload service")


def _max_bytes(info: Info) -> int | None:
    value = next(iter((info.form(UPLOAD) or {}).get("max-file-size", ())), "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None


@dataclass(frozen=True, slots=True)
class _Slot:
    put: str
    headers: frozenset[str]
    """Lower-case names of the headers that the upload must have; Cookie is not among those that a page can set."""
    get: str


@check("xep0363_cors")
async def http_upload_cors(server: Server) -> Outcome:
    """A browser's preflight for the upload address of a slot that is never used; the download's is told as well."""

    async def judge(jid: str, info: Info) -> Outcome:
        if UPLOAD not in info.features:
            return unsupported(f"has only {OLD_UPLOAD}, not {UPLOAD}", Reason.OUTDATED)
        slot = _read_slot(await asked("for an upload slot", server.session.iq("get", _REQUEST, jid)))
        if slot is None:
            return broken(Reason.MISMATCH, "the reply to the request for an upload slot has no slot")
        try:
            answer, download = await together(_preflight(server, slot), _download(server, slot))
        except WireError as error:
            return of_endpoint_error(error)
        return _judge_preflight(answer, slot, download)

    return await judge_each(await _upload_services(server), judge, _NO_UPLOAD, "upload service")


_REQUEST = f"<request xmlns='{UPLOAD}' filename='xmpp-exporter.png' size='100' content-type='image/png'/>"
"""Small, because services count what was promised against the account's quota."""


def _read_slot(slot: ET.Element) -> _Slot | None:
    """XEP-0363 §4."""
    put, get = slot.find(f"{{{UPLOAD}}}put"), slot.find(f"{{{UPLOAD}}}get")
    if put is None or get is None:
        return None
    names = {header.get("name", "").lower() for header in put.iterfind(f"{{{UPLOAD}}}header")}
    return _Slot(put.get("url", ""), frozenset({"content-type"} | (names & {"authorization"})), get.get("url", ""))


async def _preflight(server: Server, slot: _Slot) -> Response:
    return await cors.preflight(server.http, slot.put, "PUT", slot.headers)


async def _download(server: Server, slot: _Slot) -> str:
    """What a web page would see of the download address. There is no file, so it decides nothing."""
    try:
        response = await server.http.request("GET", slot.get, headers={"Origin": cors.ORIGIN})
    except WireError as error:
        return f"the download address failed: {error.detail}"
    allowed = "allows" if cors.readable(response) else "does not allow"
    return f"the download address {allowed} web pages to read its answer (status {response.status}, nothing uploaded)"


def _judge_preflight(answer: Response, slot: _Slot, download: str) -> Outcome:
    refusal = cors.refusal(answer, "PUT", slot.headers)
    if refusal is None:
        return supported(f"web pages may upload; {download}")
    detail = f"web pages may not upload: in the answer to OPTIONS {refusal}; {download}"
    if answer.status >= 500:
        return broken(Reason.HTTP_STATUS, detail)
    if not answer.header("Access-Control-Allow-Origin"):
        return unsupported(detail)
    return broken(Reason.MISMATCH if answer.status <= 299 else Reason.HTTP_STATUS, detail)


@check("xep0065")
async def bytestreams_proxy(server: Server) -> Outcome:
    """XEP-0065 §4: the proxy says where it listens, and its name has an address."""

    async def judge(jid: str, info: Info) -> Outcome:
        reply = await asked("for its address", server.session.iq("get", f"<query xmlns='{BYTESTREAMS}'/>", jid))
        host = reply.find(f"{{{BYTESTREAMS}}}streamhost")
        if host is None or not host.get("host") or not host.get("port", "").isdigit():
            return broken(Reason.MISMATCH, "the proxy does not name its host and port")
        return await _located(server, host.get("host", ""), host.get("port", ""))

    role = Role("proxy", lambda info: info.has_identity("proxy", "bytestreams") and BYTESTREAMS in info.features)
    return await judge_each(await services(server, role), judge, _NO_PROXY, "proxy")


async def _located(server: Server, host: str, port: str) -> Outcome:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        try:
            if not await server.lookups.addresses(host):
                return broken(Reason.DNS, f"the proxy's host {host} has no address")
        except WireError as error:
            return of_endpoint_error(error)
    return supported(f"a proxy at {host} port {port}")
