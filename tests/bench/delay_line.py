"""Two networks with a long way between them: each packet takes half a round trip, in a queue of ours.

The kernel's own way (netem) is missing on many machines. Two TUN devices in two network namespaces do as well, with a
process in between that reads packets at one and writes them to the other, later. Nothing of it has a name: when the
process ends, however it ends, the devices and the networks are gone.
"""

import fcntl
import multiprocessing
import os
import select
import signal
import struct
import subprocess
import time
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

from tests.bench import namespace

NEAR_ADDRESS = "10.99.0.1"
FAR_ADDRESSES = tuple(f"10.99.1.{host}" for host in range(1, 33))
START_LIMIT = 10.0
URGENT = -15
"""Priority of the delay line: a packet that waits for other programs has a longer way."""

_TUN = Path("/dev/net/tun")
_TUNSETIFF = 0x400454CA  # linux/if_tun.h
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_DEVICE = "delayed"
_LARGEST_PACKET = 65536


class DelayLineError(Exception):
    """The networks could not be made; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class FarAddresses:
    """The far network's addresses, for a laboratory."""

    def address(self, host: int) -> str:
        return FAR_ADDRESSES[host]


class DelayLine:
    """Between `with` and its end, `near` and `far` are files that stand for the two networks.

    `near` has NEAR_ADDRESS, `far` has FAR_ADDRESSES; `round_trip` is in seconds. Raises DelayLineError.
    """

    def __init__(self, round_trip: float) -> None:
        self._one_way = round_trip / 2

    def __enter__(self) -> "DelayLine":
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_carry, args=(self._one_way, theirs), name="delay-line", daemon=True)
        self._process.start()
        theirs.close()
        with ours:
            answer = ours.recv() if ours.poll(START_LIMIT) else "it did not start in time"
        if isinstance(answer, str):
            self._end()
            raise DelayLineError(f"no delay line: {answer}")
        near, far = answer
        self.near = Path(f"/proc/{self._process.pid}/fd/{near}")
        self.far = Path(f"/proc/{self._process.pid}/fd/{far}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()


def _carry(one_way: float, starter: Connection) -> None:
    """Makes the networks, tells `starter` where they are, and carries packets until the starter's process ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who made us needs the networks to end in order
    try:
        near, near_device = _network([NEAR_ADDRESS], list(FAR_ADDRESSES))
        far, far_device = _network(list(FAR_ADDRESSES), [NEAR_ADDRESS])
    except (OSError, subprocess.CalledProcessError, FileNotFoundError) as error:
        starter.send(f"{error}; it needs root, {_TUN} and the package iproute2")
        return
    os.nice(URGENT)
    starter.send((near, far))
    parent = multiprocessing.parent_process()
    assert parent is not None
    _exchange(near_device, far_device, one_way, parent.sentinel)


def _network(own: list[str], other: list[str]) -> tuple[int, int]:
    """A new network with the addresses `own` and a way to `other`: descriptors of the network and of its device."""
    namespace.unshare()
    device = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", _DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
    commands = [
        "link set lo up",
        *(f"address add {address}/32 dev {_DEVICE}" for address in own),
        f"link set {_DEVICE} up",
        *(f"route add {address} dev {_DEVICE}" for address in other),
    ]
    # IPv6 is not used here, and would only chatter
    Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True, capture_output=True)
    return namespace.hold(), device


def _exchange(near: int, far: int, one_way: float, until: int) -> None:
    """Carry packets both ways until `until` becomes readable."""
    waiting: deque[tuple[float, int, bytes]] = deque()  # in order of their time, because the way is always as long
    other = {near: far, far: near}
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        ready, _, _ = select.select([near, far, until], [], [], pause)
        if until in ready:
            return
        now = time.monotonic()
        for device in ready:
            waiting.extend((now + one_way, other[device], packet) for packet in _packets(device))
        while waiting and waiting[0][0] <= now:
            _, device, packet = waiting.popleft()
            os.write(device, packet)


def _packets(device: int) -> list[bytes]:
    """All packets that have come to a device."""
    packets = []
    while True:
        try:
            packets.append(os.read(device, _LARGEST_PACKET))
        except BlockingIOError:
            return packets
