"""The account that a server is probed with, and its password, which lives in a file and is read at each login."""

from pathlib import Path

from pydantic import Field, SecretStr

from xmpp_exporter.config.values import Jid
from xmpp_exporter.serving.secret import PasswordError, Secret


class Account(Secret):
    """One account of the server, made for probing.

    Exactly one of `password_file` and `credential` says where its password is.
    """

    jid: Jid
    allow_plain: bool = False
    """Whether SASL PLAIN may be used, on a verified certificate, when the server offers nothing better."""
    allow_contacts: bool = False
    """Whether presence and PEP checks may run although contacts of this account would see them."""


class PromptedAccount(Account):
    """An account whose password a person typed: for the command line only, never part of a file."""

    given: SecretStr = Field(exclude=True)

    def _check_source(self) -> None:
        """The password is here already."""

    def read_password(self) -> str:
        """The password as typed."""
        return self.given.get_secret_value()

    def password_path(self) -> Path:
        """Raises PasswordError: there is no file."""
        raise PasswordError(f"{self.jid}: the password was typed, not read from a file")
