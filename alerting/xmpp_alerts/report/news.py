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
    "no data": lambda number: f"no data of {number} servers" if number > 1 else "no data",
    "unstable": lambda number: f"{counted(number, 'check')} unstable",
    "gained": lambda number: f"{counted(number, 'check')} gained",
}


def news(servers: Iterable[Findings]) -> list[str]:
    """`2 checks lost`, `1 incident`, …: the bad first; empty if nothing is."""
    total: Counter[str] = Counter()
    for each in servers:
        total["lost"] += len(each.of(Fate.LOST))
        total["incident"] += len(each.incidents)
        total["certificate"] += each.certificate_due
        total["login"] += each.login_fails
        total["no data"] += each.availability is None or each.silent_since is not None
        total["unstable"] += len(each.of(Fate.CAME_BACK, Fate.WENT_AGAIN))
        total["gained"] += len(each.of(Fate.GAINED))
    return [_SAID[key](total[key]) for key in _SAID if total[key]]
