"""Watches one probe: what each check asked of the server, and when."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any
from unittest.mock import patch

from tests.bench.figures import Step
from xmpp_exporter import login, probe
from xmpp_exporter.checks.run import run
from xmpp_exporter.model import CheckResult, ProbeReport
from xmpp_exporter.wire.http import Http
from xmpp_exporter.wire.session import Session
from xmpp_exporter.wire.stream import Stream
from xmpp_exporter.wire.trace import Trace

_ASKING: tuple[tuple[type, str], ...] = (
    (Session, "send"),
    (Session, "__aenter__"),
    (Stream, "open"),
    (Stream, "ask"),
    (Http, "request"),
    (Http, "websocket"),
)
"""All that asks something of a server."""

_check: ContextVar[str] = ContextVar("check", default="")
"""Whose work the running code is. A shared task carries the name of the check that was the first to need it."""


class Watch:
    """Times in seconds since the start of the probe that is run in `watching`."""

    def __init__(self) -> None:
        self.asked: dict[str, list[float]] = {}
        """When each check asked something; under the empty name what is done before and after the checks."""
        self.spans: dict[str, tuple[float, float]] = {}
        self.session: _SharedSession | None = None
        self._started = 0.0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watches the one probe that is run in the block."""
        self._started = time.perf_counter()
        _shared_sessions.clear()
        with ExitStack() as patches:
            for owner, name in _ASKING:
                patches.enter_context(patch.object(owner, name, self._noting(getattr(owner, name))))
            patches.enter_context(patch.object(login, "Session", _SharedSession))
            patches.enter_context(patch.object(probe, "run", self._run))
            yield
        self.session = _shared_sessions[-1] if _shared_sessions else None

    @property
    def stream(self) -> float:
        """Seconds from the account's login to the last byte that came over its stream."""
        return self.session.last - self.session.started if self.session is not None else 0.0

    def steps(self, subject: str, report: ProbeReport, round_trip: float) -> list[Step]:
        """The login and each check in the order of their ends, in round trips of so many seconds."""
        steps = [self._step(subject, check, *span, round_trip) for check, span in self.spans.items()]
        if self.session is not None:
            began = self.session.started - self._started
            steps.append(
                Step(subject, "(login)", began / round_trip, (began + self.session.times["bind"]) / round_trip)
            )
        steps.append(Step(subject, "(whole probe)", 0, report.duration / round_trip))
        return sorted(steps, key=lambda step: step.ended)

    def _step(self, subject: str, check: str, began: float, ended: float, round_trip: float) -> Step:
        asked = sorted(self.asked.get(check, []))
        turns = sum(later - earlier > round_trip / 2 for earlier, later in itertools.pairwise(asked))
        return Step(subject, check, began / round_trip, ended / round_trip, len(asked), turns + bool(asked))

    def _now(self) -> float:
        return time.perf_counter() - self._started

    def _noting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*args: Any, **kwargs: Any) -> Any:
            self.asked.setdefault(_check.get(), []).append(self._now())
            return function(*args, **kwargs)

        return noting

    async def _run(self, check: Any, *args: Any) -> CheckResult:
        _check.set(check.id)  # each check has a task, and so a context, of its own
        began = self._now()
        result = await run(check, *args)
        self.spans[check.id] = began, self._now()
        return result


_shared_sessions: list["_SharedSession"] = []


class _SharedSession(Session):
    """The session that all checks of a probe use; others are made elsewhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trace = self._clock = _Clock()
        self.started = time.perf_counter()
        _shared_sessions.append(self)

    @property
    def last(self) -> float:
        """When the last element came."""
        return self._clock.last


class _Clock(Trace):
    """Keeps nothing of what comes but the time."""

    last = 0.0

    def received(self, *_args: Any) -> None:
        self.last = time.perf_counter()
