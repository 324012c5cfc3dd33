"""python -m tests.bench: what the exporter costs. Needs root, the servers' packages and a few minutes."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tests.bench import badges, load, round_trips, rules, scrape
from tests.bench.delay_line import DelayLineError
from tests.bench.effort import FULL, QUICK, Announce, Effort
from tests.bench.figures import Results
from tests.bench.output import as_json, print_results
from tests.servers.program import ProgramError
from xmpp_exporter.cli.terminal import stderr_console, stdout_console

BENCHMARKS: dict[str, Callable[[Effort, Announce], Results]] = {
    "scrape": scrape.measure,
    "rules": rules.measure,
    "badges": badges.measure,
    "round-trips": round_trips.measure,
    "throughput": load.throughput,
    "memory": load.memory,
}


def main() -> None:
    """Run what was asked for; exit 2 when something that is needed is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures what the exporter costs.")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    parser.add_argument("--quick", action="store_true", help="see whether it works; the figures mean nothing")
    options = parser.parse_args()
    watcher, results = stderr_console(), {}
    for name in options.only or BENCHMARKS:
        try:
            results[name] = _run(name, QUICK if options.quick else FULL, watcher)
        except (ProgramError, DelayLineError) as error:
            watcher.print(str(error))
            raise SystemExit(2) from None
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        print_results(name, results[name], stdout_console())
        if options.json:
            options.json.write_text(json.dumps(as_json(results), indent=2) + "\n")


def _run(name: str, effort: Effort, watcher: Console) -> Results:
    """One benchmark, with a line that says what goes on: one that moves on a terminal."""
    if not watcher.is_terminal:
        return BENCHMARKS[name](effort, lambda what: watcher.print(f"{name}: {what}"))
    with watcher.status(name) as status:
        return BENCHMARKS[name](effort, lambda what: status.update(f"{name}: {what}"))


if __name__ == "__main__":
    main()
