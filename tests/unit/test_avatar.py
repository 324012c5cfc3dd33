"""The picture of one pixel, and the hash by which a vCard's photo is known."""

import base64
import hashlib
import struct
import zlib

import pytest

from xmpp_exporter.checks.avatar import photo_hash, pixel
from xmpp_exporter.wire.xml import parse

FACE = b"not really a picture"
HASH = hashlib.sha1(FACE).hexdigest()
BASE64 = base64.b64encode(FACE).decode()


def chunks(png: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG by type, each with its checksum verified."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    found, rest = {}, png[8:]
    while rest:
        (length,) = struct.unpack(">I", rest[:4])
        kind, content, checksum = rest[4:8], rest[8 : 8 + length], rest[8 + length : 12 + length]
        assert struct.pack(">I", zlib.crc32(kind + content)) == checksum
        found[kind], rest = content, rest[12 + length :]
    return found


def test_the_picture_is_a_png_of_one_pixel() -> None:
    picture = pixel()
    found = chunks(picture.png)
    assert list(found) == [b"IHDR", b"IDAT", b"IEND"]
    assert struct.unpack(">II", found[b"IHDR"][:8]) == (1, 1)
    assert len(zlib.decompress(found[b"IDAT"])) == 4
    assert picture.id == hashlib.sha1(picture.png).hexdigest()


def test_two_pictures_differ() -> None:
    assert len({pixel().id for _ in range(5)}) > 1


def vcard(content: str) -> str:
    return f"<vCard xmlns='vcard-temp'><FN>Juliet</FN>{content}</vCard>"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"<PHOTO><TYPE>image/png</TYPE><BINVAL>{BASE64}</BINVAL></PHOTO>", HASH),
        (f"<PHOTO><BINVAL>\n {BASE64[:9]}\n{BASE64[9:]}</BINVAL></PHOTO>", HASH),
        ("<PHOTO><EXTVAL>https://example.org/face.png</EXTVAL></PHOTO>", ""),
        ("<PHOTO><BINVAL>%%%</BINVAL></PHOTO>", ""),
        ("<PHOTO/>", ""),
        ("", ""),
    ],
)
def test_the_hash_is_that_of_the_decoded_photo(content: str, expected: str) -> None:
    assert photo_hash(parse(vcard(content))) == expected
