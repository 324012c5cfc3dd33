"""The script of the history, as typed data."""

import math
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from xmpp_exporter.catalogue import checks
from xmpp_exporter.model import Failure, Reason, Verdict

FILE = Path(__file__).parent / "script.yml"

END = 1_767_000_000.0
"""The history's last moment, in seconds since the epoch: the past on every machine, the same at every run."""

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _age(text: str) -> float:
    return math.inf if text == "always" else float(text[:-1]) * _UNITS[text[-1]]


Age = Annotated[float, BeforeValidator(_age)]
"""Seconds before the history's end."""


class Span(NamedTuple):
    """From one age to a smaller one; the end itself belongs to what lasts until then."""

    since: Age
    until: Age

    def has(self, moment: float) -> bool:
        age = END - moment
        return age <= self.since and (age > self.until or self.until == 0)


ALWAYS = Span(math.inf, 0.0)


def _known(check: str) -> str:
    if check not in checks():
        raise ValueError(f"no check is called {check}")
    return check


CheckId = Annotated[str, AfterValidator(_known)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Version(_Part):
    since: Age = math.inf
    name: str
    version: str


class Fault(_Part):
    """Why the server's probes, or its logins, failed for a while; as seen by all exporters, or by one."""

    failure: Failure
    span: Span
    exporter: str | None = None


class Finding(_Part):
    """What a check found for a while instead of `supported`."""

    check: CheckId
    verdict: Verdict
    reason: Reason
    span: Span
    exporter: str | None = None


class Unreachable(_Part):
    peer: str
    span: Span


class ServerScript(_Part):
    domain: str
    software: tuple[Version, ...]
    relation: Literal["own", "foreign"] = "own"
    account: bool = True
    exporters: tuple[str, ...] = ("one",)
    configured: Span = ALWAYS
    checks: Literal["all"] | None = None
    expect: tuple[CheckId, ...] = ()
    certificate: Age = 60 * 86400.0
    """How long after the history's end the certificates expire."""
    findings: tuple[Finding, ...] = ()
    down: tuple[Fault, ...] = ()
    login_failure: tuple[Fault, ...] = ()
    unreachable: tuple[Unreachable, ...] = ()
    unprobed: tuple[Span, ...] = ()


class ExporterScript(_Part):
    restarts: tuple[Age, ...] = ()
    config_broken: tuple[Span, ...] = ()
    network_down: tuple[Span, ...] = ()
    late: tuple[Span, ...] = ()
    """When probes were late."""


class Alert(_Part):
    alertname: str
    domain: str
    check: str = ""
    severity: str
    span: Span


class Script(_Part):
    ordinary: tuple[CheckId, ...]
    exporters: dict[str, ExporterScript]
    servers: tuple[ServerScript, ...]
    alerts: tuple[Alert, ...]


@cache
def script() -> Script:
    return Script.model_validate(yaml.safe_load(FILE.read_text()))


def during(spans: tuple[Span, ...], moment: float) -> bool:
    return any(span.has(moment) for span in spans)
