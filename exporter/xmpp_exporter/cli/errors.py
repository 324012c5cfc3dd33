"""How a command says that it cannot do what it was asked, and the exit codes of all commands."""

from enum import IntEnum


class ExitCode(IntEnum):
    """A signal ends a command with 128 and its number, as shells do."""

    FINE = 0
    FAILED = 1
    """The server was probed, and something that counts does not work, or nothing does."""
    USAGE = 2
    """The command line or the configuration is wrong."""
    NOT_PROBED = 3
    """The server could not be probed as asked."""


class CannotRun(Exception):
    """One sentence that says what is wrong and what to do."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Interrupted(Exception):
    """A signal ended the work, which has cleaned up after itself."""

    def __init__(self, signal: int) -> None:
        super().__init__(f"interrupted by signal {signal}")
        self.exit_code = 128 + signal
