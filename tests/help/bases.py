"""The server configurations that pages of help start from: each lacks what a page brings, and hardly has more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.servers.certificates import Flaw

DOMAIN = "example.org"
ADDRESS = "203.0.113.5"
"""What pages call the server's address; the tests put one of the loopback network in its place."""

ZONE = f"""
example.org. A {ADDRESS}
xmpp.example.org. A {ADDRESS}
_xmpp-client._tcp.example.org. SRV 5 0 5222 xmpp.example.org.
_xmpp-server._tcp.example.org. SRV 5 0 5269 xmpp.example.org.
"""

STALE_RECORDS = """
_xmpp-client._tcp.example.org. SRV 10 0 5222 old.example.org.
_xmpp-server._tcp.example.org. SRV 10 0 5269 old.example.org.
"""

PROSODY = """
interfaces = { "$address" }
local_interfaces = { "$address" }
certificates = "$certificates"
data_path = "$directory/data"
pidfile = "$directory/prosody.pid"
log = { info = "*console" }
authentication = "internal_hashed"
modules_disabled = { "offline"; }
modules_enabled = {
    "disco";
    "roster";
    "saslauth";
    "tls";
}

VirtualHost "example.org"
"""

EJABBERD = """
hosts: [example.org]
loglevel: info
log_rotate_count: 0
certfiles: [$certificates/example.org.pem]
c2s_protocol_options: [no_sslv3, no_tlsv1, no_tlsv1_1, cipher_server_preference, no_compression]
s2s_protocol_options: [no_sslv3, no_tlsv1, no_tlsv1_1, cipher_server_preference, no_compression]
s2s_use_starttls: required
auth_password_format: scram
disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
listen:
  - {port: 5222, module: ejabberd_c2s, max_stanza_size: 262144, starttls_required: true}
  - {port: 5269, module: ejabberd_s2s_in, max_stanza_size: 524288}
  - {port: 5443, module: ejabberd_http, tls: true, request_handlers: {}}
acl:
  local: {user_regexp: ""}
access_rules:
  local: {allow: local}
modules:
  mod_disco: {}
  mod_roster: {versioning: false}
"""


@dataclass(frozen=True)
class Base:
    """One configuration; what it says of `prosody` or `ejabberd` is missing where a page makes no sense there."""

    prosody: str = PROSODY
    ejabberd: str = EJABBERD
    zone: str = ZONE
    flaw: Flaw = Flaw.NONE
    authentic: bool = False
    """Whether the DNS is signed, and found to be right."""
    probe: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the probed server."""


BASES: Mapping[str, Base] = {
    "minimal": Base(),
    "stale-records": Base(zone=ZONE + STALE_RECORDS),
}
