"""A real program run in the foreground as its own system user, with its log in a file, that ends when we end."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

START_LIMIT = 30.0
"""Seconds a program gets to open its ports: far more than it needs on an idle machine."""
STOP_LIMIT = 10.0
POLL = 0.02
LOG_TAIL = 4000
RESOLV_CONF = "/etc/resolv.conf"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ProgramError(Exception):
    """A program is missing, did not start, or ended early; the message says what to do or what its log said last."""


class Program:
    """The life of one process. Subclasses say what to run; use it as a context manager, or `launch` several and then
    `wait_until_ready` for each, so that they start side by side.

    The process dies with the thread that launched it (Linux's parent death signal), whatever kills that thread.
    """

    name: str
    executable: str
    package: str
    """The Debian package that has it."""
    more_environment: Mapping[str, str] = MappingProxyType({})
    """Variables besides those of `environment`, for one that is to run in unusual circumstances."""

    def __init__(
        self,
        directory: Path,
        listens: Sequence[tuple[str, int]],
        user: str = "root",
        name_server: str | None = None,
    ) -> None:
        self.directory = directory
        self.listens = tuple(listens)
        self.user = user
        self.name_server = name_server
        """The address of the DNS server, on port 53, that it asks in the place of the machine's; None for those."""
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def missing_packages(cls) -> list[str]:
        """The Debian packages that it needs and that are not installed."""
        return [] if shutil.which(cls.executable, path=SYSTEM_PATH) else [cls.package]

    def command(self) -> Sequence[str]:
        """What to run, in the foreground."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """Variables besides PATH, HOME and LANG: nothing else of our own environment reaches the program."""
        return {}

    def prepare(self) -> None:
        """Write the program's files; `directory` exists and is still ours."""

    @property
    def log_file(self) -> Path:
        return self.directory / "output.log"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ProgramError(f"{self.name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Launch it and wait until every port answers."""
        self.launch()
        try:
            self.wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def launch(self) -> None:
        """Start the process and return at once. Raises ProgramError when it is not installed or a port is taken."""
        if missing := self.missing_packages():
            raise ProgramError(f"{self.name} is not installed: apt-get install {' '.join(missing)}")
        for address, port in self.listens:
            _require_free(self.name, address, port)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.prepare()
        environment = {
            "PATH": SYSTEM_PATH,
            "HOME": str(self.directory),
            "LANG": "C.UTF-8",
            **self.environment(),
            **self.more_environment,
        }
        self.give_away(self.directory, *self.directory.rglob("*"))
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._own_name_service(), *_privileges(self.user), *self.command()],
                cwd=self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _own_name_service(self) -> list[str]:
        """A command in front that lets the program alone see another resolv.conf(5): there is no setting for it."""
        if self.name_server is None:
            return []
        file = self.directory / "resolv.conf"
        file.write_text(f"nameserver {self.name_server}\n")
        file.chmod(0o644)
        return ["unshare", "--mount", "sh", "-c", f'mount --bind {file} {RESOLV_CONF} && exec "$@"', "sh"]

    def give_away(self, *paths: Path) -> None:
        """Let the program's own user have these files and folders."""
        entry = pwd.getpwnam(self.user)
        for path in paths:
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def wait_until_ready(self, limit: float = START_LIMIT) -> None:
        """Return once every port accepts. Raises ProgramError, with the end of the log, after `limit` seconds."""
        deadline = time.monotonic() + limit
        for address, port in self.listens:
            while not accepts(address, port):
                if not self.running:
                    raise ProgramError(f"{self.name} ended while starting; its log ends:\n{self.log_tail()}")
                if time.monotonic() > deadline:
                    raise ProgramError(
                        f"{self.name} does not listen on {address}:{port} after {limit:.0f} s; its log ends:\n"
                        f"{self.log_tail()}"
                    )
                time.sleep(POLL)

    def stop(self) -> None:
        """Ask it to end, wait, and kill it if it does not."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_LIMIT)
        self.kill()

    def kill(self) -> None:
        """End it and its children at once, as a crash would."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def log_tail(self) -> str:
        if not self.log_file.exists():
            return "(no log)"
        return self.log_file.read_text(errors="replace")[-LOG_TAIL:]


def accepts(address: str, port: int) -> bool:
    """Whether somebody accepts TCP connections there."""
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def _require_free(name: str, address: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise ProgramError(
                f"{name} needs {address}:{port}, which is taken ({error.strerror}): "
                f"stop the program that listens there (ss -ltnp 'sport = :{port}')"
            ) from error


def _privileges(user: str) -> list[str]:
    """As `user`, with the one capability that ports below 1024 need."""
    if user == "root":
        return ["setpriv", "--pdeathsig", "KILL"]
    return [
        "setpriv",
        f"--reuid={user}",
        f"--regid={user}",
        "--clear-groups",
        "--inh-caps=+net_bind_service",
        "--ambient-caps=+net_bind_service",
        "--pdeathsig",
        "KILL",
    ]
