"""What one process can do and needs: probes per second on loopback, their CPU, and memory."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

from tests.bench.clock import resident
from tests.bench.effort import Announce, Effort
from tests.bench.figures import Figure, Results
from tests.bench.isolated import isolated
from tests.bench.site import DOMAINS, Site, site_of
from tests.servers.laboratory import PASSWORD, Laboratory, Server
from xmpp_exporter.availability import probe_availability
from xmpp_exporter.config import ServerConfig
from xmpp_exporter.model import ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.wire.network import Target, Timeouts
from xmpp_exporter.wire.session import Credentials, Session

SUBJECT = "one process, Prosody on loopback"
KIB = 1024

Probe = Callable[[ServerConfig], Awaitable[ProbeReport]]


def throughput(effort: Effort, announce: Announce) -> Results:
    """Probes per second with so many at a time: of a process of ours, which shares the machine with the server."""
    results = Results()
    with Laboratory() as laboratory:
        site, users, server = _crowd(laboratory, effort.concurrent)
        for kind in ("availability with login", "compliance"):
            announce(f"{kind} probes for {effort.seconds:g} s, {effort.concurrent} at a time")
            busy = _cpu_of(server.program.pid)
            probes, seconds, cpu = isolated(_repeat, site, users, kind, effort.seconds)
            busy = _cpu_of(server.program.pid) - busy
            results.figures += [
                Figure(SUBJECT, f"{kind}: probes per second", probes / seconds, "/s"),
                Figure(SUBJECT, f"{kind}: CPU per probe", cpu / probes * 1000, "ms"),
                Figure(SUBJECT, f"{kind}: share of one core", cpu / seconds * 100, "%"),
                Figure(SUBJECT, f"{kind}: the server's CPU per probe", busy / probes * 1000, "ms"),
            ]
    return results


def memory(effort: Effort, announce: Announce) -> Results:
    """Memory that stays after many probes, and that of an open session."""
    results = Results()
    with Laboratory() as laboratory:
        site, users, _ = _crowd(laboratory, effort.concurrent)
        announce(f"memory after {effort.probes} probes of each kind")
        for kind in ("availability with login", "compliance"):
            before, after = isolated(_grow, site, users, kind, effort.probes)
            results.figures += [
                Figure(SUBJECT, f"{kind}: memory after the first {len(users)} probes", before / KIB / KIB, "MiB"),
                Figure(SUBJECT, f"{kind}: more after {effort.probes} more", (after - before) / KIB / KIB, "MiB"),
            ]
        announce(f"memory of {effort.sessions} open sessions")
        per_session = isolated(_hold, site, effort.sessions)
        results.figures.append(Figure(SUBJECT, "memory of an open session", per_session / KIB, "KiB"))
    return results


def _crowd(laboratory: Laboratory, size: int) -> tuple[Site, list[str], Server]:
    """A server with so many more accounts: an account takes part in one probe at a time."""
    server = laboratory.server(DOMAINS["Prosody"])
    users = [f"bench{number:02}" for number in range(size)]
    for user in users:
        server.program.add_account(user, server.domain, PASSWORD)
    return site_of(laboratory, "Prosody"), users, server


def _probe(site: Site, kind: str, concurrent: int) -> Probe:
    prober, turns = site.prober(concurrent), count()

    async def availability(config: ServerConfig) -> ProbeReport:
        return await probe_availability(prober, config, turn=next(turns))

    async def compliance(config: ServerConfig) -> ProbeReport:
        return await probe_compliance(prober, config)

    return availability if kind.startswith("availability") else compliance


async def _run(probe: Probe, configs: list[ServerConfig], wanted: Callable[[], bool]) -> int:
    """Probes with all accounts side by side, one after the other with each, while more are wanted; how many it were."""
    done = 0

    async def repeat(config: ServerConfig) -> None:
        nonlocal done
        while wanted():
            report = await probe(config)
            if not report.success or not report.login:
                raise RuntimeError(f"a probe of {report.domain} failed: {report.detail or report.login_detail}")
            done += 1

    async with asyncio.TaskGroup() as group:
        for config in configs:
            group.create_task(repeat(config))
    return done


def _repeat(site: Site, users: list[str], kind: str, limit: float) -> tuple[int, float, float]:
    """Probes done, wall seconds and CPU seconds; in a fresh process."""
    probe = _probe(site, kind, len(users))
    configs = [site.config(user) for user in users]

    async def work() -> tuple[int, float, float]:
        await _run(probe, configs, _times(len(configs)))
        started, cpu = time.perf_counter(), time.process_time()
        done = await _run(probe, configs, lambda: time.perf_counter() - started < limit)
        return done, time.perf_counter() - started, time.process_time() - cpu

    return asyncio.run(work())


def _grow(site: Site, users: list[str], kind: str, probes: int) -> tuple[int, int]:
    """Bytes after each account's first probe, and after so many more; in a fresh process."""
    probe = _probe(site, kind, len(users))
    configs = [site.config(user) for user in users]

    async def work() -> tuple[int, int]:
        await _run(probe, configs, _times(len(configs)))
        before = resident()
        await _run(probe, configs, _times(probes))
        return before, resident()

    return asyncio.run(work())


def _times(number: int) -> Callable[[], bool]:
    """True so many times."""
    left = iter(range(number))
    return lambda: next(left, None) is not None


def _hold(site: Site, sessions: int) -> float:
    """Bytes of memory for each of so many sessions that are open at the same time; in a fresh process."""
    network = site.prober(sessions).network
    target = Target(site.domain, f"xmpp.{site.domain}", site.address, 5223, direct_tls=True, allow_private=True)
    account = site.config().account
    assert account is not None
    credentials = Credentials(account.jid, account.read_password())

    async def work() -> float:
        async with Session(network, target, credentials, Timeouts()):
            pass
        before = resident()
        async with AsyncExitStack() as stack:
            for _ in range(sessions):
                await stack.enter_async_context(Session(network, target, credentials, Timeouts()))
            return (resident() - before) / sessions

    return asyncio.run(work())


def _cpu_of(pid: int) -> float:
    """CPU seconds that another process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
