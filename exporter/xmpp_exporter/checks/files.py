"""Sending files: upload over HTTP (XEP-0363)."""

from collections.abc import Awaitable, Callable

from xmpp_exporter.checks import cors
from xmpp_exporter.checks.numbers import number
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.services import Role, Services, judge_each, services
from xmpp_exporter.checks.shared import eventually
from xmpp_exporter.checks.slots import CONTENT_TYPE, UPLOAD, Slot, slot_of
from xmpp_exporter.checks.verdicts import broken, of_endpoint_error, supported, unknown, unsupported
from xmpp_exporter.memo import together
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.disco import Info
from xmpp_exporter.wire.errors import WireError
from xmpp_exporter.wire.http import Response, site_of

OLD_UPLOAD = "urn:xmpp:http:upload"

_NO_UPLOAD = unsupported("neither the domain nor one of its items is an HTTP upload service")
_CREATED = frozenset({200, 201})
"""XEP-0363 §6 says 201; storage that speaks S3 says 200, and clients take it."""
_SLOW_DOWN = 429


async def upload_services(server: Server) -> Services:
    """The upload services of the domain, or the one that is configured."""
    role = Role("upload", lambda info: bool(info.features & {UPLOAD, OLD_UPLOAD}))
    return await services(server, role, server.config.upload_service)


async def _judge_services(server: Server, judge: Callable[[str, Info], Awaitable[Outcome]]) -> Outcome:
    async def judge_current(jid: str, info: Info) -> Outcome:
        if UPLOAD not in info.features:
            return unsupported(f"has only {OLD_UPLOAD}, not {UPLOAD}", Reason.OUTDATED)
        return await judge(jid, info)

    return await judge_each(await upload_services(server), judge_current, _NO_UPLOAD, "upload service")


@check("xep0363")
async def http_upload(server: Server) -> Outcome:
    """XEP-0363 §3: the service is found, and may say how large a file it takes."""

    async def judge(jid: str, info: Info) -> Outcome:
        limit = _max_bytes(_named_limit(info))
        if limit is None:
            return supported("an upload service that names no largest size")
        return supported(f"takes files of up to {limit} bytes", {"xmpp_http_upload_max_bytes": limit})

    return await _judge_services(server, judge)


@check("xep0363_limit")
async def upload_limit(server: Server) -> Outcome:
    """XEP-0363 §3: a service without a limit, or one that keeps it to itself, is as good as any other."""

    async def judge(jid: str, info: Info) -> Outcome:
        named = _named_limit(info)
        if named is None:
            return unknown(Reason.NOT_APPLICABLE, "names no largest size: there is none, or clients find out by trying")
        limit = _max_bytes(named)
        if not limit:
            return broken(Reason.MISMATCH, f"names {named[:40]!r} as its largest size, which is no number of bytes")
        return supported(f"says that it takes files of up to {limit} bytes")

    return await _judge_services(server, judge)


def _named_limit(info: Info) -> str | None:
    return next(iter((info.form(UPLOAD) or {}).get("max-file-size", ())), None)


def _max_bytes(value: str | None) -> int | None:
    return number(value, 2**63)


@check("xep0363_cors")
async def http_upload_cors(server: Server) -> Outcome:
    """A browser's preflight for the upload address of a slot; what is said of the download address is told as well."""

    async def judge(jid: str, info: Info) -> Outcome:
        slot = await slot_of(server, jid)
        if slot is None:
            return _NO_SLOT
        try:
            answer, download = await together(_preflight(server, slot), _download(server, slot))
        except WireError as error:
            return of_endpoint_error(error)
        return _judge_preflight(answer, slot, download)

    return await _judge_services(server, judge)


_NO_SLOT = broken(Reason.MISMATCH, "the reply to the request for an upload slot has no slot")


async def _preflight(server: Server, slot: Slot) -> Response:
    return await cors.preflight(server.http, slot.put, "PUT", slot.page_headers)


async def _download(server: Server, slot: Slot) -> str:
    """What a web page would see of the download address. There may be no file yet, so it decides nothing."""
    try:
        response = await server.http.request("GET", slot.get, headers={"Origin": cors.ORIGIN})
    except WireError as error:
        return f"the download address failed: {error.detail}"
    allowed = "allows" if cors.readable(response) else "does not allow"
    return f"the download address {allowed} web pages to read its answer (status {response.status})"


def _judge_preflight(answer: Response, slot: Slot, download: str) -> Outcome:
    refusal = cors.refusal(answer, "PUT", slot.page_headers)
    if refusal is None:
        return supported(f"web pages may upload; {download}")
    detail = f"web pages may not upload: in the answer to OPTIONS {refusal}; {download}"
    if answer.status >= 500:
        return broken(Reason.HTTP_STATUS, detail)
    if not answer.header("Access-Control-Allow-Origin"):
        return unsupported(detail)
    return broken(Reason.MISMATCH if answer.status <= 299 else Reason.HTTP_STATUS, detail)


@check("xep0363_roundtrip")
async def upload_and_download(server: Server) -> Outcome:
    """XEP-0363 §4 to §6: a file that is uploaded comes back as it was."""

    async def judge(jid: str, info: Info) -> Outcome:
        slot = await slot_of(server, jid)
        if slot is None:
            return _NO_SLOT
        try:
            return await _put(server, slot) or await _get(server, slot)
        except WireError as error:
            return of_endpoint_error(error)

    return await _judge_services(server, judge)


async def _put(server: Server, slot: Slot) -> Outcome | None:
    """The outcome if the file is not taken."""
    headers = {"Content-Type": CONTENT_TYPE, **slot.headers}
    status = (await server.http.request("PUT", slot.put, headers=headers, body=slot.file)).status
    if status in _CREATED:
        return None
    where = site_of(slot.put)
    if status == _SLOW_DOWN:
        return unknown(Reason.FORBIDDEN, f"{where} puts the upload off: the status is {status}")
    return broken(Reason.HTTP_STATUS, f"a slot was given, but {where} refuses the upload (PUT): the status is {status}")


async def _get(server: Server, slot: Slot) -> Outcome:
    """Storage that is spread over many machines may need a moment."""
    response = await eventually(
        lambda: server.http.request("GET", slot.get, redirects=True), lambda response: response.status == 200
    )
    if response.status != 200:
        told = f"uploaded, but {site_of(slot.get)} refuses the download (GET): the status is {response.status}"
        return broken(Reason.HTTP_STATUS, told)
    if response.body != slot.file:
        return broken(
            Reason.MISMATCH, f"of {len(slot.file)} bytes uploaded {len(response.body)} came back, and not the same"
        )
    kind = response.header("Content-Type").partition(";")[0].strip().lower()
    told = "" if kind == CONTENT_TYPE else f", though as {kind[:60] or 'nothing'} in the place of {CONTENT_TYPE}"
    return supported(f"{len(slot.file)} bytes uploaded and downloaded again{told}")
