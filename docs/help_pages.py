"""The pages of docs/help: an instruction for each check and software, and an index."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from docs.markdown import WRITTEN_BY
from xmpp_exporter.catalogue import checks, topics
from xmpp_exporter.catalogue.help import page_of, pages
from xmpp_exporter.catalogue.help_page import Page
from xmpp_exporter.catalogue.help_text import instruction
from xmpp_exporter.catalogue.software import GENERAL, software

SOURCE = "exporter/xmpp_exporter/catalogue/help"
PROVEN_WITH = ("prosody", "ejabberd")

INTRODUCTION = """\
# Help for admins

What to change on a server so that a check passes, by check and software. On the command line it is
`xmpp-exporter help CHECK --software NAME`, and `xmpp-exporter check … --help-for-admins` for all that fails.

A page is *proven* when the tests carry it out: they make its changes to the files of a real server on which the check
fails, reload or restart it, probe it again, and find that the check passes and no other is worse.
"""


def help_pages() -> Mapping[str, Callable[[], str]]:
    """What writes each page, by its name below docs/."""
    found = {
        f"help/{folder}/{check}.md": partial(_page, page, check)
        for folder, entries in pages().items()
        for check, page in entries.items()
    }
    return {"help/README.md": index, **found}


def index() -> str:
    """The text of help/README.md; each check has a heading there, for links from elsewhere."""
    return "\n".join(_index()) + "\n"


def share(name: str) -> tuple[int, int, int]:
    """How many scored checks have a proven page for this software, how many have any, and how many there are."""
    scored = [check.id for check in checks().values() if check.scored]
    found = [page for check in scored if (page := page_of(check, name))]
    return sum(page.proven for page in found), len(found), len(scored)


def _page(page: Page, check: str) -> str:
    written = WRITTEN_BY.format(source=f"{SOURCE}/{page.software}/{page.check}.md")
    return f"{written}\n\n{instruction(page, [checks()[check]])}"


def _index() -> Iterator[str]:
    yield WRITTEN_BY.format(source=SOURCE)
    yield INTRODUCTION
    yield "| Software | Scored checks with a page | Proven |\n|---|---|---|"
    for name, entry in sorted(software().items()):
        proven, found, scored = share(name)
        yield f"| {entry.title} | {found} of {scored} | {proven if name in PROVEN_WITH else ''} |"
    yield "\nPages for any software, such as those about the DNS, are counted with each.\n"
    for topic, title in topics().items():
        yield f"## {title}\n"
        for check in checks().values():
            if check.topic == topic:
                yield f"### {check.id}\n\n[{check.title}](../checks.md#{check.id}): {_links(check.id)}\n"


def _links(check: str) -> str:
    titles = {GENERAL: "any software", **{name: entry.title for name, entry in sorted(software().items())}}
    links = [f"[{title}]({folder}/{check}.md)" for folder, title in titles.items() if check in pages().get(folder, {})]
    return " · ".join(links) or "no instruction yet"
