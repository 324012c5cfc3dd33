"""A part of 127.0.0.0/8 for oneself, so that several test runs and a demonstration fit on one machine."""

import socket
from types import TracebackType
from typing import Protocol

FIRST, LAST = 64, 126
RESERVATION_PORT = 1


class Addresses(Protocol):
    """Where servers can be put."""

    def address(self, host: int) -> str:
        """The address of host number `host`; 0 is for the DNS, the servers are counted from 1."""


class LoopbackNetwork:
    """The addresses 127.N.*.*, for the first N that nobody else uses this class for.

    The standard ports can be used by as many servers as there are addresses, without any configuration of the machine.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._number = 0

    def __enter__(self) -> "LoopbackNetwork":
        for number in range(FIRST, LAST + 1):
            # Whoever has bound the network's first address holds it, and a crash lets it go.
            reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                reservation.bind((f"127.{number}.0.1", RESERVATION_PORT))
            except OSError:
                reservation.close()
                continue
            self._socket, self._number = reservation, number
            return self
        raise RuntimeError(f"127.{FIRST}.0.1 to 127.{LAST}.0.1 are all in use, or not ours to bind (root is needed)")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def address(self, host: int) -> str:
        """The address of the network's host number `host`; the first one, 0, is for the DNS."""
        return f"127.{self._number}.{host}.1"
