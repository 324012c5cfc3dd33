"""Passwords and tokens: each lives alone in a file, or in a systemd credential, and is read whenever it is needed."""

import os
import re
from pathlib import Path
from typing import Self

from pydantic import field_validator, model_validator

from xmpp_exporter.serving.section import NearbyPath, Section

MAX_PASSWORD_BYTES = 1024
_CREDENTIALS = "CREDENTIALS_DIRECTORY"


class PasswordError(Exception):
    """No usable password: the message says which file and why, and never what is in it."""


class Secret(Section):
    """A section with a password; exactly one of `password_file` and `credential` says where it is."""

    password_file: NearbyPath | None = None
    credential: str | None = None
    """Name of a systemd credential: a file in `$CREDENTIALS_DIRECTORY`."""

    @field_validator("credential")
    @classmethod
    def _is_a_name(cls, name: str | None) -> str | None:
        # systemd.exec(5), LoadCredential=: an ID is a short text fit for a file name.
        if name is not None and (name in ("", ".", "..") or not re.fullmatch(r"[!-.0-~]{1,255}", name)):
            raise ValueError("is no credential's name: write the ID of LoadCredential=, not a path")
        return name

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        self._check_source()
        return self

    def _check_source(self) -> None:
        if self.password_file is None and self.credential is None:
            raise ValueError("has no password: write password_file, or credential for one of systemd's")
        if self.password_file is not None and self.credential is not None:
            raise ValueError("has both password_file and credential: keep one")

    def password_path(self) -> Path:
        """The file that has the password; raises PasswordError where systemd passed no credentials."""
        if self.password_file is not None:
            return self.password_file
        directory = os.environ.get(_CREDENTIALS)
        if not directory:
            raise PasswordError(
                f"credential {self.credential}: ${_CREDENTIALS} is not set, systemd passed no credentials"
            )
        return Path(directory) / str(self.credential)

    def read_password(self) -> str:
        """The password as it is in the file now, without the newline at its end.

        Raises PasswordError: unreadable, empty, longer than 1024 bytes, more than one line, not UTF-8.
        """
        path = self.password_path()
        try:
            with path.open("rb") as file:
                content = file.read(MAX_PASSWORD_BYTES + 1)
        except OSError as error:
            raise PasswordError(f"{path}: cannot be read: {error.strerror or error}") from error
        if len(content) > MAX_PASSWORD_BYTES:
            raise PasswordError(f"{path}: is longer than {MAX_PASSWORD_BYTES} bytes, which is no password")
        try:
            password = content.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            password = None
        # Raised outside of the except clause: the decoder's error carries the password, and would be the context.
        if password is None:
            raise PasswordError(f"{path}: is not UTF-8")
        if not password:
            raise PasswordError(f"{path}: is empty")
        if re.search(r"[\r\n]", password):
            raise PasswordError(f"{path}: has more than one line: a password file has the password alone")
        return password
