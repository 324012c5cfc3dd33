"""The list of servers: searched, sorted, and cut into pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from xmpp_badges.instructions import software_title
from xmpp_badges.summary import SuiteLevel, Summary
from xmpp_exporter import labels

PAGE = 100
"""Servers on one page."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see of the list."""

    search: str = ""
    sort: str = "score"
    reverse: bool = False
    page: int = 1

    def query(self, **changed: str | int | bool) -> str:
        """This as the query of an address, with some of it changed; what is usual is left out."""
        own: dict[str, object] = {"search": self.search, "sort": self.sort, "reverse": self.reverse, "page": 1}
        values = own | changed
        usual = Wanted()
        given = {
            "q": values["search"],
            "sort": values["sort"] if values["sort"] != usual.sort else "",
            "order": "reverse" if values["reverse"] else "",
            "page": values["page"] if values["page"] != 1 else "",
        }
        text = urlencode({name: value for name, value in given.items() if value})
        return f"?{text}" if text else ""


def wanted(query: Mapping[str, str]) -> Wanted:
    """What an address asks for; what makes no sense is what is usual."""
    sort, page = query.get("sort", ""), query.get("page", "")
    return Wanted(
        search=labels.clean(query.get("q", "")),
        sort=sort if sort in COLUMNS else Wanted().sort,
        reverse=query.get("order") == "reverse",
        page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 and int(page) else 1,
    )


def found(servers: Sequence[Summary], want: Wanted, suite_level: SuiteLevel) -> list[Summary]:
    """Those whose domain or software has the words, in the wanted order; all pages."""
    words = want.search.lower().split()
    rows = [each for each in servers if all(word in _text(each) for word in words)]
    key, best_first = COLUMNS[want.sort]
    known = [(value, each) for each in rows if (value := key(each, suite_level)) is not None]
    unknown = [each for each in rows if key(each, suite_level) is None]
    # two sorts, for the domains are in alphabetical order whichever way the rest goes
    known.sort(key=lambda pair: pair[1].domain)
    known.sort(key=lambda pair: pair[0], reverse=best_first != want.reverse)
    return [each for _value, each in known] + unknown


def _text(summary: Summary) -> str:
    return f"{summary.domain} {software_title(summary.software) if summary.software else ''}".lower()


def _score(summary: Summary, suite_level: SuiteLevel) -> tuple[float, int] | None:
    """By all that was shown to work: one of which little could be decided is not the best for that."""
    counts = summary.scores.get(suite_level)
    if counts is None or not counts.counted:
        return None
    return counts.supported / (counts.counted + counts.unknown), counts.supported


def _availability(summary: Summary, suite_level: SuiteLevel) -> float | None:
    long = summary.long_availability
    return long[1] if long else None


COLUMNS: Mapping[str, tuple[Callable[[Summary, SuiteLevel], float | str | tuple[float, int] | None], bool]] = {
    "domain": (lambda summary, _: summary.domain, False),
    "score": (_score, True),
    "availability": (_availability, True),
    "software": (lambda summary, _: software_title(summary.software).lower() if summary.software else None, False),
    "probe": (lambda summary, _: summary.last_probe, True),
}
"""What can be sorted by, and whether the largest comes first."""
