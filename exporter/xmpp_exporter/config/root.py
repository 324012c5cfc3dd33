"""The whole configuration: what concerns the prober itself, and its servers."""

import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

import yaml
from pydantic import Field, field_validator

from xmpp_exporter.config.federation import Federation
from xmpp_exporter.config.identity import Identity
from xmpp_exporter.config.server import ServerConfig
from xmpp_exporter.config.values import Address, ContactUrl, Domain, HostPortText
from xmpp_exporter.serving.secret import PasswordError
from xmpp_exporter.serving.section import NearbyPath, Section

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_AtLeastOne = Annotated[int, Field(ge=1)]


class Resolver(Section):
    """The DNS servers to ask."""

    nameservers: tuple[Address, ...] | None = None
    """None for the system's."""
    port: int = Field(default=53, ge=1, le=65535)
    signed_name: Domain | None = None
    """A name that is signed for sure, by which the DNS servers show that they validate. None for the root."""

    @field_validator("nameservers")
    @classmethod
    def _asks_somebody(cls, nameservers: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if nameservers == ():
            raise ValueError("has no address: leave the key out to ask the system's")
        return nameservers


class Tls(Section):
    """Which certificates are trusted."""

    ca_file: NearbyPath | None = None
    """PEM; replaces the system's authorities, as `ca_file` does in Prometheus' `tls_config`."""

    @field_validator("ca_file")
    @classmethod
    def _has_certificates(cls, ca_file: NearbyPath | None) -> NearbyPath | None:
        if ca_file is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(ca_file)
        except ssl.SSLError as error:
            raise ValueError(f"{ca_file}: has no certificates in PEM form") from error
        except OSError as error:
            raise ValueError(f"{ca_file}: cannot be read: {error.strerror or error}") from error
        return ca_file


class Limits(Section):
    """How much is done at once."""

    concurrent_probes: _AtLeastOne = 100
    """Probes of each kind, of all servers together; high enough that silent servers, which hold a place until their
    time is up, leave room for the others."""
    probes_per_address: _AtLeastOne = 2
    """Availability probes of servers that share an IP address. Compliance probes run there one at a time."""
    connections_per_address: Annotated[int, Field(ge=5)] = 6
    """Connections to one IP address, of all probes together. A compliance probe keeps four or, with more of them, five,
    and needs another."""


class ProberSettings(Section):
    """Every key of the configuration but the servers."""

    resolver: Resolver = Resolver()
    tls: Tls = Tls()
    contact: ContactUrl | None = None
    """Where the operator of a probed server can ask about the prober."""
    canaries: tuple[HostPortText, ...] = ()
    """Addresses that always answer: when none does, it is the prober's network that is down."""
    limits: Limits = Limits()
    federation: Federation = Federation()
    s2s: Identity | None = None
    """None to connect to servers' own ports as a stranger."""


class Config(ProberSettings):
    """The configuration as loaded: `defaults` and `servers.d` are already in `servers`."""

    servers: tuple[ServerConfig, ...] = ()

    @cached_property
    def _by_domain(self) -> dict[str, ServerConfig]:
        return {server.domain: server for server in self.servers}

    @cached_property
    def peers(self) -> Mapping[str, tuple[str, ...]]:
        """The domains that each server with an account pings, to see that it federates."""
        return self.federation.pairs(self.servers)

    def server(self, domain: str) -> ServerConfig | None:
        """The server of that normalised domain."""
        return self._by_domain.get(domain)

    def password_problems(self) -> list[str]:
        """`domain: account: message` for each password that cannot be read now, by this user."""
        problems = []
        for server in self.servers:
            for key, account in (("account", server.account), ("second_account", server.second_account)):
                if account is not None:
                    try:
                        account.read_password()
                    except PasswordError as error:
                        problems.append(f"{server.domain}: {key}: {error}")
        return problems

    def render(self) -> str:
        """The configuration as YAML with all defaults filled in, paths absolute, and no secret.

        Loaded again it makes an equal object.
        """
        data = self.model_dump(mode="json", exclude_none=True)
        data["servers"] = [{"domain": server["domain"]} | server for server in data["servers"]]
        text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
        return text
