"""`make demo`: real servers, the exporter, Prometheus and alerts on this machine, until Ctrl-C."""

import argparse
import signal
import sys
from contextlib import ExitStack
from io import TextIOWrapper
from types import FrameType

from deploy.demo.show import DOMAINS, Demonstration
from tests.servers.program import ProgramError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Exit codes: 0 shown, 1 something did not work, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end when Prometheus has each server's first full probe")
    once = parser.parse_args().once
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # whoever follows a log wants to see it come
    for number in SIGNALS:
        signal.signal(number, _end)
    try:
        with ExitStack() as stack:
            print("Starting on loopback addresses, with certificates and DNS of their own:")
            for domain, description in DOMAINS.items():
                print(f"  {domain:24}{description}")
            demonstration = Demonstration.start(stack)
            demonstration.show_verdicts()
            if not once:
                demonstration.show_addresses()
                demonstration.show_how_to_break_it()
                print("Ctrl-C ends all of it.")
                signal.pause()
    except KeyboardInterrupt:
        print("\nEnded; nothing is left.")
    except ProgramError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    # Once is enough: another Ctrl-C must not interrupt the clean-up.
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
