"""What is new about servers, counted: one line for a subject, a table's cell or a chat message."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from xmpp_alerts.report.changes import Fate
from xmpp_alerts.report.findings import Findings
from xmpp_alerts.report.words import counted

_SAID: Mapping[str, Callable[[int], str]] = {
    "lost": lambda number: f"{counted(number, 'check')} lost",
    "incident": lambda number: counted(number, "incident"),
    "certificate": lambda number: f"{counted(number, 'certificate')} due",
    "login": lambda number: f"{counted(number, 'login')} failing",
    "no data": lambda number: f"no data of {counted(number, 'server')}",
    "silent": lambda number: f"no data of {number} servers at the end" if number > 1 else "no data at the end",
    "unstable": lambda number: f"{counted(number, 'check')} unstable",
    "gained": lambda number: f"{counted(number, 'check')} gained",
}


def news(servers: Iterable[Findings]) -> list[str]:
    """`2 checks lost`, `1 incident`, …: the bad first; empty if nothing is."""
    return _said(_counted(servers))


def news_of(server: Findings) -> list[str]:
    """Of one, where its availability is told beside it, and so that nothing is known of that."""
    return _said({kind: number for kind, number in _counted([server]).items() if kind != "no data"})


def _said(numbers: Mapping[str, int]) -> list[str]:
    return [_SAID[kind](numbers[kind]) for kind in _SAID if numbers.get(kind)]


def _counted(servers: Iterable[Findings]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in servers:
        total["lost"] += len(each.of(Fate.LOST))
        total["incident"] += len(each.incidents)
        total["certificate"] += each.certificate_due
        total["login"] += each.login_fails
        total["no data"] += each.availability is None
        total["silent"] += each.availability is not None and each.silent_since is not None
        total["unstable"] += len(each.of(Fate.CAME_BACK, Fate.WENT_AGAIN))
        total["gained"] += len(each.of(Fate.GAINED))
    return total
