"""One page of help as an object: YAML in front, which tests carry out, and Markdown, which shows that same YAML.

A page is wrong when it names what does not exist; the ValueError names the file and the key.
"""

from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from xmpp_exporter.catalogue import checks
from xmpp_exporter.catalogue.software import GENERAL, Version, changed_files, parse_version, software
from xmpp_exporter.catalogue.yamltext import read_yaml

CHANGE = "{{ change }}"
"""Stands in the Markdown where the snippets are shown."""
FENCE = "---\n"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Snippet(_Strict):
    """What to do with one file.

    `section` is the head of a part of it (`VirtualHost "example.org"`), `into` a list there (`modules_enabled`), or
    `end`. YAML is added by its keys, and needs neither.
    """

    file: str
    text: str
    section: str = ""
    into: str = ""
    action: Literal["add", "remove"] = "add"
    apply: Literal["reload", "restart", "nothing", ""] = ""
    """What it takes for the change to hold; what is usual for the file if left out."""
    gives: str = ""
    """For a shell: the word in later snippets that stands for what the command prints."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.file not in changed_files():
            raise ValueError(f"file {self.file} is not in software.yml")
        return self

    @property
    def applied_by(self) -> str:
        return self.apply or changed_files()[self.file].apply


class Need(_Strict):
    """What must be there before. One of: a host, with an address and in the certificate; a port; a sentence."""

    host: str = ""
    port: str = ""
    other: str = ""


class Variant(_Strict):
    """The instruction for some versions, or by some means, such as one of several web servers (`title`)."""

    title: str = ""
    since: str = ""
    before: str = ""
    say: str = ""
    why: str = ""
    """What keeps this variant of a proven page from being proven."""
    snippets: tuple[Snippet, ...] = ()

    def fits(self, version: Version | None) -> bool:
        """Whether it is for this version; without one, it is."""
        if version is None:
            return True
        since, before = parse_version(self.since), parse_version(self.before)
        return (since is None or version >= since) and (before is None or version < before)


class Page(_Strict):
    """How to make a check pass with one software.

    `also` are further checks that the same change serves. `unavailable` is the newest version known not to have it.
    `base` names the server configuration on which the tests apply it. `costs` are checks that pass before and not
    afterwards, because the software has the one only with the other; none of them counts.
    """

    software: str
    check: str
    also: tuple[str, ...] = ()
    since: str = ""
    unavailable: str = ""
    sources: tuple[str, ...]
    proven: bool
    why: str = ""
    base: str = "minimal"
    costs: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    snippets: tuple[Snippet, ...] = ()
    variants: tuple[Variant, ...] = ()
    body: str

    @property
    def checks(self) -> tuple[str, ...]:
        return (self.check, *self.also)

    @property
    def all_variants(self) -> tuple[Variant, ...]:
        """The variants, each with what is the same for all; that may be all there is."""
        if not self.variants:
            return (Variant(since=self.since, snippets=self.snippets),) if self.snippets else ()
        return tuple(each.model_copy(update={"snippets": self.snippets + each.snippets}) for each in self.variants)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.software != GENERAL and self.software not in software():
            raise ValueError(f"software {self.software} is not in software.yml")
        if unknown := [check for check in (*self.checks, *self.costs) if check not in checks()]:
            raise ValueError(f"no such check: {', '.join(unknown)}")
        if any(checks()[check].scored for check in self.costs if check in checks()):
            raise ValueError("costs: a check that counts must not fail for another")
        if bool(self.why) == self.proven:
            raise ValueError("why: tells what keeps it from being proven, and nothing else")
        if not self.sources:
            raise ValueError("sources: name at least one address")
        if (CHANGE in self.body) != bool(self.all_variants):
            raise ValueError(f"the text needs {CHANGE} where the snippets belong, and only if there are any")
        if self.proven and not self.all_variants:
            raise ValueError("proven: there is nothing to prove without snippets")
        return self


def parse_page(name: str, text: str) -> Page:
    """The page in the file `name`. Raises ValueError, which names the file and the key."""
    start, front, body = [*text.split(FENCE, 2), "", "", ""][:3]
    if start or not body:
        raise ValueError(f"{name}: begins with YAML between two lines of ---")
    try:
        entry = read_yaml(front)
        return Page.model_validate({**entry, "body": body.strip()})
    except (yaml.YAMLError, TypeError) as error:
        raise ValueError(f"{name}: {error}") from error
    except ValidationError as error:
        told = (
            f"{name}: {'.'.join(map(str, each['loc'])) or 'page'}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors()
        )
        raise ValueError("\n".join(told)) from error
