"""The account's avatar, in PEP (XEP-0084) and in its vCard (XEP-0153): reading, making and removing one.

An avatar of ours is a picture of one pixel, which nobody has for a face: so it is known as ours in every state that a
killed probe may have left, also where the server has converted it to another format.
"""

import asyncio
import base64
import binascii
import hashlib
import os
import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from xmpp_exporter.checks import pubsub
from xmpp_exporter.memo import together
from xmpp_exporter.wire.errors import StanzaError
from xmpp_exporter.wire.session import Session

DATA = "urn:xmpp:avatar:data"
METADATA = "urn:xmpp:avatar:metadata"
NO_AVATAR = f"<metadata xmlns='{METADATA}'/>"
VCARD = "{vcard-temp}"

# Servers that keep vCards as text should find in them what clients write: the namespace without a prefix.
ET.register_namespace("", "vcard-temp")


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, and its id: the SHA-1 hash in lower-case hexadecimal (XEP-0084 §3)."""

    id: str
    png: bytes


def pixel() -> Picture:
    """A picture of one pixel of any colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    row = b"\0" + os.urandom(3)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")
    return Picture(hashlib.sha1(png, usedforsecurity=False).hexdigest(), png)


@dataclass(frozen=True, slots=True)
class Avatar:
    """What an account has, in PEP and in its vCard."""

    ids: frozenset[str]
    """Those in the PEP metadata, pictures elsewhere on the web left out."""
    photo: str
    """Hash of the vCard's photo; empty without one."""
    access_model: str
    """Of the data node: who may read the picture; empty where there is none."""
    vacant: bool
    """Whether one can be published without a loss: there is no data node, no photo and nothing in the metadata."""
    disabled: str
    """The id of the item by which the metadata say that there is no avatar (XEP-0084 §4.2.4); empty without one."""


async def read(session: Session) -> Avatar:
    """The account's avatar now. Raises StanzaError."""
    metadata, settings, vcard = await asyncio.gather(
        pubsub.items(session, METADATA), pubsub.configuration(session, DATA), _vcard(session)
    )
    infos = _infos(metadata)
    return Avatar(
        ids=frozenset(info.get("id", "") for info in infos if not info.get("url")),
        photo=photo_hash(vcard),
        access_model=next(iter((settings or {}).get("pubsub#access_model", ())), ""),
        vacant=settings is None and not infos and len(metadata or {}) <= 1 and vcard.find(f"{VCARD}PHOTO") is None,
        disabled=next(iter(metadata or {}), "") if not infos else "",
    )


async def publish(session: Session, picture: Picture) -> None:
    """Make it the account's avatar, open to everybody: services convert only such (XEP-0398 §8). Raises StanzaError."""
    content = base64.b64encode(picture.png).decode()
    info = f"<info id='{picture.id}' bytes='{len(picture.png)}' type='image/png' width='1' height='1'/>"
    metadata = f"<metadata xmlns='{METADATA}'>{info}</metadata>"
    data_came_late, _ = await together(
        pubsub.publish(session, DATA, picture.id, f"<data xmlns='{DATA}'>{content}</data>", "open"),
        pubsub.publish(session, METADATA, picture.id, metadata, "open"),
    )
    if data_came_late:
        await pubsub.publish_anyhow(session, METADATA, picture.id, metadata)


async def photo(session: Session) -> str:
    """The hash of the photo in the account's vCard. Raises StanzaError."""
    return photo_hash(await _vcard(session))


def photo_hash(vcard: ET.Element) -> str:
    """The SHA-1 hash, in hexadecimal, of the photo in a vCard (XEP-0153 §3.1); empty without one."""
    content = "".join((vcard.findtext(f"{VCARD}PHOTO/{VCARD}BINVAL") or "").split())
    try:
        picture = base64.b64decode(content, validate=True)
    except binascii.Error:
        return ""
    return hashlib.sha1(picture, usedforsecurity=False).hexdigest() if picture else ""


async def remove(session: Session, picture_id: str, disabled: str) -> None:
    """Remove the avatar `picture_id` that was made where the place was vacant, whatever there is of it by now.

    First the metadata say that there is none, upon which the service takes the photo out of the vCard, or it is done
    here; then the nodes go, but for an item `disabled` that was there before. An avatar that somebody has set in the
    meantime stays. Raises StanzaError.
    """
    infos = _infos(await pubsub.items(session, METADATA))
    ours = {picture_id} | {info.get("id", "") for info in infos if info.get("width") == info.get("height") == "1"}
    if any(info.get("id") not in ours for info in infos):
        await pubsub.retract(session, DATA, picture_id)
        return
    if infos:  # the server reads in order, so that the vCard is the one after that
        _, vcard = await together(pubsub.publish_anyhow(session, METADATA, picture_id, NO_AVATAR), _vcard(session))
    else:
        vcard = await _vcard(session)
    if photo_hash(vcard) in ours:
        for element in vcard.findall(f"{VCARD}PHOTO"):
            vcard.remove(element)
        await session.iq("set", ET.tostring(vcard, encoding="unicode"))
    if disabled:
        await pubsub.delete(session, DATA)
        await pubsub.publish_anyhow(session, METADATA, disabled, NO_AVATAR)
        await pubsub.retract(session, METADATA, picture_id)
    else:
        await together(pubsub.delete(session, DATA), pubsub.delete(session, METADATA))


async def _vcard(session: Session) -> ET.Element:
    """The account's vCard (XEP-0054 §3.1), empty where there is none. Raises StanzaError."""
    try:
        reply = await session.iq("get", "<vCard xmlns='vcard-temp'/>")
    except StanzaError as error:
        if error.condition != "item-not-found":
            raise
    else:
        if reply.tag == f"{VCARD}vCard":
            return reply
    return ET.Element(f"{VCARD}vCard")


def _infos(metadata: Mapping[str, ET.Element] | None) -> list[ET.Element]:
    return [info for item in (metadata or {}).values() for info in item.iter(f"{{{METADATA}}}info")]
