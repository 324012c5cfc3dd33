"""Where the commands begin: each loads its program late, so that Ctrl-C ends it without a word also while it loads.

This module and the packages on the way to it load nothing else that takes time.
"""

import os
import signal
import sys
from importlib import import_module
from types import FrameType

_INTERRUPTED = 128 + signal.SIGINT


def exporter() -> None:
    """`xmpp-exporter`."""
    _start("xmpp_exporter.cli")


def badges() -> None:
    """`xmpp-badges`."""
    _start("xmpp_badges.cli")


def alerts() -> None:
    """`xmpp-alerts`."""
    _start("xmpp_alerts.cli")


def _start(module: str) -> None:
    """Load the module and run its `main`. A SIGINT that the process ignores, as under nohup, stays ignored."""
    try:
        listened = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if listened:
            signal.signal(signal.SIGINT, _leave)
        program = import_module(module)
        if listened:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        program.main()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _leave(number: int, frame: FrameType | None) -> None:
    # An exception would be swallowed or turned into another one by some of the places where it can meet an import.
    os._exit(_INTERRUPTED)
