"""One server: what is probed there, how often, and what it may be subjected to."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from xmpp_exporter.config.account import Account
from xmpp_exporter.config.values import Domain, Duration, HttpsUrl, WebSocketUrl, format_duration, jid_domain
from xmpp_exporter.serving.section import Fault, Section, refuse, without_nulls

Relation = Literal["own", "permitted", "foreign"]

FOREIGN_INTERVALS = {"availability": 15 * 60.0, "compliance": 24 * 3600.0}
"""Seconds between probes of a server whose operator was not asked: the default, and the least that is allowed."""

DEFAULT_TIMEOUTS = {"availability": 30.0, "compliance": 5 * 60.0}
"""Seconds for a whole probe; half the interval where that is less."""

MIN_INTERVAL = 1.0

_ASK_FIRST = "write `relation: own` if you run this server, `relation: permitted` if its operator agreed"


def _known_check(check: str, info: ValidationInfo) -> str:
    known: Collection[str] | None = (info.context or {}).get("checks")
    if known is None or check in known:
        return check
    close = get_close_matches(check.lower(), sorted(known), n=1, cutoff=0.6)
    raise ValueError(f"no check is called {check}" + (f"; did you mean {close[0]}?" if close else ""))


CheckId = Annotated[str, AfterValidator(_known_check)]
"""A check's id, compared with the validation context's `checks` where it has them."""


class Intervals(Section):
    """Seconds from one probe to the next, by kind of probe."""

    availability: Duration = Field(default=60.0, ge=MIN_INTERVAL)
    compliance: Duration = Field(default=3600.0, ge=MIN_INTERVAL)


class Timeouts(Section):
    """Limits in seconds."""

    connect: Duration = 10.0
    """TCP, and again TLS, to one address."""
    reply: Duration = 15.0
    """The wait for an answer, counted from the last byte received: servers throttle."""
    availability: Duration = DEFAULT_TIMEOUTS["availability"]
    compliance: Duration = DEFAULT_TIMEOUTS["compliance"]


class ServerSettings(Section):
    """Every key of a server that `defaults` may have too."""

    relation: Relation = "foreign"
    intervals: Intervals = Intervals()
    timeouts: Timeouts = Timeouts()
    exclude: tuple[CheckId, ...] = ()
    expect: tuple[CheckId, ...] = ()
    intrusive: bool = True
    """Whether checks may leave something on the server, for a moment or for good; False for read-only checks."""
    listed: bool = False
    allow_private_addresses: bool = False
    muc_service: Domain | None = None
    upload_service: Domain | None = None
    websocket_url: WebSocketUrl | None = None
    bosh_url: HttpsUrl | None = None


class ServerConfig(ServerSettings):
    """One server to probe.

    Complete by itself: `ServerConfig(domain="example.org")` has every default, also those that depend on `relation`.
    Validated with a context, `checks` are the ids that exist and `directory` is where relative paths start.
    """

    domain: Domain
    """Lower-case A-labels."""
    account: Account | None = None
    second_account: Account | None = None
    """For what takes two people: messages to somebody who is offline, keys that a stranger reads."""

    @model_validator(mode="before")
    @classmethod
    def _defaults_by_relation(cls, data: Any) -> Any:
        data = without_nulls(cls, data)
        if not isinstance(data, dict):
            return data
        foreign = data.get("relation", "foreign") == "foreign"
        filled = {"intervals": {}, "timeouts": {}, "listed": not foreign} | data
        if foreign and isinstance(filled["intervals"], dict):
            filled["intervals"] = FOREIGN_INTERVALS | without_nulls(Intervals, filled["intervals"])
        return filled

    @field_validator("intervals")
    @classmethod
    def _spare_foreign_servers(cls, intervals: Intervals, info: ValidationInfo) -> Intervals:
        if info.data.get("relation") == "foreign":
            refuse(
                *(
                    Fault(probe, f"must be at least {format_duration(least)} for a foreign server: {_ASK_FIRST}")
                    for probe, least in FOREIGN_INTERVALS.items()
                    if getattr(intervals, probe) < least
                )
            )
        return intervals

    @field_validator("timeouts", mode="before")
    @classmethod
    def _default_timeouts(cls, timeouts: Any, info: ValidationInfo) -> Any:
        intervals = info.data.get("intervals")
        if not isinstance(timeouts, dict) or intervals is None:
            return timeouts
        defaults = {probe: min(limit, getattr(intervals, probe) / 2) for probe, limit in DEFAULT_TIMEOUTS.items()}
        return defaults | without_nulls(Timeouts, timeouts)

    @field_validator("timeouts")
    @classmethod
    def _probes_end_in_time(cls, timeouts: Timeouts, info: ValidationInfo) -> Timeouts:
        faults = []
        intervals = info.data.get("intervals")
        for probe in DEFAULT_TIMEOUTS if intervals is not None else ():
            interval = getattr(intervals, probe)
            if getattr(timeouts, probe) >= interval:
                faults.append(Fault(probe, f"must be shorter than intervals.{probe}, {format_duration(interval)}"))
        refuse(*faults)
        return timeouts

    @field_validator("expect")
    @classmethod
    def _expects_what_runs(cls, expect: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        excluded = info.data.get("exclude", ())
        refuse(
            *(
                Fault(position, f"{check} is also excluded: remove it here or there")
                for position, check in enumerate(expect)
                if check in excluded
            )
        )
        return expect

    @field_validator("listed")
    @classmethod
    def _foreign_is_unlisted(cls, listed: bool, info: ValidationInfo) -> bool:
        if listed and info.data.get("relation") == "foreign":
            raise ValueError(f"a foreign server is not listed: remove this, or {_ASK_FIRST}")
        return listed

    @field_validator("account", "second_account")
    @classmethod
    def _account_belongs_here(cls, account: Account | None, info: ValidationInfo) -> Account | None:
        if account is None:
            return None
        if info.data.get("relation") == "foreign":
            raise ValueError(f"a foreign server is probed without an account: remove it, or {_ASK_FIRST}")
        domain = info.data.get("domain")
        if domain is not None and jid_domain(account.jid) != domain:
            refuse(Fault("jid", f"must be an account of {domain}, this server's domain"))
        return account

    @field_validator("second_account")
    @classmethod
    def _is_another_account(cls, second: Account | None, info: ValidationInfo) -> Account | None:
        # a first account with faults of its own is not there at all
        if second is None or "account" not in info.data:
            return second
        first = info.data["account"]
        if first is None:
            raise ValueError("is of no use without account: write that first")
        if first.jid == second.jid:
            refuse(Fault("jid", "must be another account than account.jid"))
        return second
