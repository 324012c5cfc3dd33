"""Where the pages are, for those who serve them and for those who follow a link."""

import re
from dataclasses import dataclass

from aiohttp import web

_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Site:
    """`prefix` is in front of all routes, `links` in front of all links; both empty, or `/path`."""

    prefix: str = ""
    links: str = ""
    external_url: str = ""
    """Of the root, without a slash at its end; empty if browsers ask for it as they reach us."""

    def absolute(self, request: web.Request) -> str:
        """What stands before `/badge/…` in what people copy to other sites. Raises HTTPBadRequest."""
        if self.external_url:
            return self.external_url
        if not _HOST.fullmatch(request.host):
            raise web.HTTPBadRequest(text="The header Host names no host.")  # RFC 9112 §3.2
        return f"{request.scheme}://{request.host}{self.links}"
