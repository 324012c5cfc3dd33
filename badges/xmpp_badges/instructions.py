"""Help texts as HTML: what to change on a server so that a check passes."""

from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from xmpp_exporter.catalogue.help import help_for
from xmpp_exporter.catalogue.help_text import told_for
from xmpp_exporter.catalogue.software import software

_markdown = MarkdownIt("commonmark", {"html": False})


def known_software(name: str | None) -> str | None:
    """The software that there are help texts for; None for any other."""
    return name if name in software() else None


def software_title(name: str | None) -> str:
    """As people write it."""
    entry = software().get(name or "")
    return entry.title if entry is not None else "Other"


@lru_cache(maxsize=4096)
def markdown(check: str, name: str | None, version: str = "") -> str:
    """The help for one check with one software, or with any."""
    return "\n".join(help_for([check], known_software(name), version))


@lru_cache(maxsize=4096)
def html(check: str, name: str | None, version: str = "", below: int = 0, title: bool = True) -> Markup:
    """The same as HTML, its headings so many levels deeper; without its own title on request."""
    tokens = _markdown.parse(markdown(check, name, version))
    if not title and tokens and tokens[0].type == "heading_open":
        tokens = tokens[3:]
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + below)}"
        elif token.type == "inline":
            _mark_links(token.children or [])
    text = _markdown.renderer.render(tokens, _markdown.options, {})
    # so that a keyboard can scroll what is wider than the screen
    return Markup(text.replace("<pre>", '<pre tabindex="0">'))  # noqa: S704 - HTML in the texts is off


def html_for(domain: str, check: str, name: str | None, version: str) -> Markup:
    """What a server's page says, without a title and below its own headings."""
    return Markup(told_for(domain, html(check, name, version, below=3, title=False)))  # noqa: S704 - escaped above


def _mark_links(tokens: list[Token]) -> None:
    for token in tokens:
        if token.type == "link_open":
            token.attrSet("rel", "noreferrer")
