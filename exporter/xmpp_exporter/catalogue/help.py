"""Which help there is for a check: the software's own, then the general one, chosen by version."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from xmpp_exporter.catalogue import checks
from xmpp_exporter.catalogue.help_page import Page, parse_page
from xmpp_exporter.catalogue.help_text import instruction, no_instruction, told_for
from xmpp_exporter.catalogue.software import GENERAL, parse_version

Pages = Mapping[str, Mapping[str, Page]]


@cache
def pages() -> Pages:
    """All pages by software and check; `general` is a software here. Raises ValueError for one that is wrong."""
    folder = files(__package__).joinpath("help")
    found: dict[str, dict[str, Page]] = {}
    for software in sorted(folder.iterdir(), key=lambda each: each.name):
        if software.is_dir():
            found[software.name] = _folder(software)
    return found


def page_of(check: str, software: str | None) -> Page | None:
    """The page for a check on a server of this software: its own or, failing that, the general one."""
    folders = (software, GENERAL) if software is not None else (GENERAL,)
    return next((page for folder in folders if (page := pages().get(folder, {}).get(check))), None)


def software_with_page(check: str) -> list[str]:
    """The software that has a page of its own for a check."""
    return [name for name, found in pages().items() if name != GENERAL and check in found]


def help_for(wanted: Iterable[str], software: str | None = None, version: str = "", target: str = "") -> Iterator[str]:
    """What to do about these checks, in Markdown: a text for each page, or for a check that has none.

    Without a version, or with one that is no number, the texts are for all versions; without a target, which is a
    domain or an account's JID, they are for example.org.
    """
    by_page: dict[int, list[str]] = {}
    for check in wanted:
        page = page_of(check, software)
        by_page.setdefault(id(page) if page else id(check), []).append(check)
    for first, *others in by_page.values():
        page = page_of(first, software)
        if page is None:
            text = no_instruction(checks()[first], software, software_with_page(first))
        else:
            text = instruction(page, [checks()[check] for check in (first, *others)], parse_version(version))
        yield told_for(target, text)


def _folder(folder: Traversable) -> dict[str, Page]:
    found: dict[str, Page] = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        name = f"{folder.name}/{file.name}"
        page = parse_page(name, file.read_text(encoding="utf-8"))
        if name != f"{page.software}/{page.check}.md":
            raise ValueError(f"{name}: software and check say {page.software}/{page.check}.md")
        for check in page.checks:
            if check in found:
                raise ValueError(f"{name}: also: {check} has a page already")
            found[check] = page
    return found
