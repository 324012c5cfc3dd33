"""Which function does which check."""

from collections.abc import Awaitable, Callable, Mapping

from xmpp_exporter.catalogue import checks
from xmpp_exporter.checks.server import Server
from xmpp_exporter.model import Outcome

CheckFunction = Callable[[Server], Awaitable[Outcome]]

_functions: dict[str, CheckFunction] = {}


def check(check_id: str) -> Callable[[CheckFunction], CheckFunction]:
    """Binds a function to its entry in the catalogue. Raises ValueError for an unknown id, or one bound twice."""

    def bind(function: CheckFunction) -> CheckFunction:
        if check_id not in checks() or check_id in _functions:
            raise ValueError(f"{check_id} is not in checks.yml, or is bound twice")
        _functions[check_id] = function
        return function

    return bind


def functions() -> Mapping[str, CheckFunction]:
    """The functions of all checks that are imported, by id."""
    return _functions
