"""Linux's network namespaces: a thread moves to a network of its own, and takes along what it starts from then on."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNET = 0x40000000  # sched.h; Python has these calls from 3.12 on
_HERE = Path("/proc/thread-self/ns/net")

_libc = ctypes.CDLL(None, use_errno=True)


def unshare() -> None:
    """Move this thread to a new, empty network. Raises OSError (root is needed)."""
    _done(_libc.unshare(_CLONE_NEWNET))


def enter(namespace: Path) -> None:
    """Move this thread to the network that the file `namespace` stands for. Raises OSError."""
    file = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _done(_libc.setns(file, _CLONE_NEWNET))
    finally:
        os.close(file)


def hold() -> int:
    """A file descriptor for this thread's network: it lasts at least as long as the descriptor is open."""
    return os.open(_HERE, os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def entered(namespace: Path) -> Iterator[None]:
    """This thread, and what it starts, in another network for the time of the block."""
    home = hold()
    try:
        enter(namespace)
        yield
    finally:
        enter(Path(f"/proc/self/fd/{home}"))
        os.close(home)


def _done(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
