"""Where the pages are, for those who serve them and for those who follow a link."""

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Site:
    """`prefix` is in front of all routes, `links` in front of all links; both empty, or `/path`."""

    prefix: str = ""
    links: str = ""
    external_url: str = ""
    """Of the root, without a slash at its end; empty if browsers ask for it as they reach us."""

    def absolute(self, request: web.Request) -> str:
        """What stands before `/badge/…` in what people copy to other sites."""
        return self.external_url or f"{request.url.origin()}{self.links}"
