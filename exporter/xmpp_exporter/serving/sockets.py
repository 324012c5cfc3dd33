"""Listening sockets as Go's net.Listen makes them, with errors that say what to do."""

import asyncio
import errno
import os
import socket

from xmpp_exporter.serving.address import Address

BACKLOG = 1024

_ADVICE = {
    errno.EADDRINUSE: "another program listens there already: stop it, or choose another listen address",
    errno.EACCES: "this port is reserved for privileged programs: choose one above 1023",
    errno.EADDRNOTAVAIL: "this machine has no such address",
}


class ListenError(Exception):
    """An address that cannot be listened on; the message says why and what to do."""


async def listen(address: Address) -> socket.socket:
    """A socket that listens. One without a host takes IPv4 and IPv6; of a name's addresses the first IPv4 one counts.

    Raises ListenError.
    """
    try:
        if address.host in ("", "::"):
            return _all_addresses(address)
        found = await asyncio.get_running_loop().getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        family, _, _, _, name = min(found, key=lambda info: info[0] != socket.AF_INET)
        return socket.create_server(name, family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise ListenError(f"cannot listen on {address}: no address for this host ({error.strerror})") from error
    except OSError as error:
        why = _ADVICE.get(error.errno or 0) or os.strerror(error.errno or 0)
        raise ListenError(f"cannot listen on {address}: {why}") from error


def bound(listener: socket.socket, address: Address) -> Address:
    """The address with the port that the system chose for port 0, and with the number behind a host's name."""
    host, port = listener.getsockname()[:2]
    return Address(host if address.host else "", port)


def _all_addresses(address: Address) -> socket.socket:
    if socket.has_dualstack_ipv6():
        return socket.create_server(("::", address.port), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True)
    return socket.create_server(("0.0.0.0", address.port), backlog=BACKLOG)  # noqa: S104 - asked for by the operator
