"""The server configurations that pages of help start from: each lacks what a page brings, and hardly has more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.servers.certificates import Flaw

DOMAIN = "example.org"
NEIGHBOUR_DOMAIN, PEER_DOMAIN = "example.com", "example.net"
"""Another domain of the same server, and one of another server."""
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

OTHER_SERVICE = """
_xmpp-client._tcp.example.org. SRV 10 0 80 xmpp.example.org.
_xmpp-server._tcp.example.org. SRV 10 0 80 xmpp.example.org.
"""

OTHER_KEY = f"""
_5222._tcp.xmpp.example.org. TLSA 3 1 1 {"00" * 32}
_5269._tcp.xmpp.example.org. TLSA 3 1 1 {"00" * 32}
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
    "admin_shell";
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
    old_openssl: bool = False
    """Whether OpenSSL takes keys that today's does not."""
    site: str = ""
    """nginx's site at the domain, if it has one, and with it two documents that lead nowhere."""
    federates: bool = False
    """Whether there is another server, which the probe pings from here beside another domain of this one."""
    other_service: bool = False
    """Whether a web server answers on port 80."""
    probe: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the probed server."""


def _prosody(*changes: tuple[str, str], host: str = "", options: str = "") -> str:
    """The minimal configuration with texts replaced, options above the host, and more below it."""
    text = PROSODY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text.replace("VirtualHost", f"{options}\nVirtualHost") + host


def _ejabberd(*changes: tuple[str, str], modules: str = "", options: str = "") -> str:
    """The minimal configuration with texts replaced, and with further modules and options."""
    text = EJABBERD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return f"{text}{modules}{options}"


UNENCRYPTED = """
c2s_direct_tls_ports = { 5223 }
c2s_require_encryption = false
s2s_require_encryption = false
"""
BEHIND_PROXY = """
consider_bosh_secure = true
consider_websocket_secure = true
https_ports = { }
"""
SITE = """
server {
    listen 443 ssl;
    ssl_certificate /etc/letsencrypt/live/example.org/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/example.org/privkey.pem;
    root /var/www/example.org;
}
"""
DOCUMENTS = {
    "host-meta": """<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">
        <Link rel="urn:xmpp:alt-connections:websocket" href="wss://old.example.org/ws"/></XRD>""",
    "host-meta.json": '{"links": [{"rel": "urn:xmpp:alt-connections:xbosh", "href": "https://old.example.org/bosh"}]}',
}
HTTPS = "  - {port: 5443, module: ejabberd_http, tls: true, request_handlers: {}}\n"
HTTP = """
  - port: 5280
    module: ejabberd_http
    request_handlers: {/http-bind: mod_bosh, /xmpp-websocket: ejabberd_http_ws}
"""
TRUST = """
ssl = { cafile = "$certificates/ca.pem"; }
unbound = { options = { ["do-not-query-localhost:"] = "no"; }; }
"""
NEIGHBOUR = """
VirtualHost "example.com"
"""
PEER = f"""
interfaces = {{ "$address" }}
certificates = "$certificates"
data_path = "$directory/data"
pidfile = "$directory/prosody.pid"
log = {{ info = "*console" }}
modules_enabled = {{ "disco"; "ping"; "tls"; "dialback"; }}
s2s_secure_auth = false
{TRUST}
VirtualHost "example.net"
"""
ROOMS = """
Component "conference.example.org" "muc"
"""
UPLOADS = """
Component "upload.example.org" "http_file_share"
"""
OLD_TLS = """
ssl = { protocol = "tlsv1+"; ciphers = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"; }
tls_profile = "legacy"
"""

C2S = "  - {port: 5222, module: ejabberd_c2s, max_stanza_size: 262144, starttls_required: true}\n"
C2S_WITHOUT_TLS = """
  - {port: 5222, module: ejabberd_c2s, max_stanza_size: 262144}
  - {port: 5223, module: ejabberd_c2s, max_stanza_size: 262144, tls: true}
"""
NEW_TLS = "[no_sslv3, no_tlsv1, no_tlsv1_1, cipher_server_preference, no_compression]"
OLD_CIPHERS = """
c2s_ciphers: "ALL:@SECLEVEL=0"
s2s_ciphers: "ALL:@SECLEVEL=0"
"""
ROOMS_AND_UPLOADS = """
  mod_muc: {}
  mod_http_upload: {put_url: "https://upload.example.org:5443/upload", docroot: /var/lib/ejabberd/upload}
"""

BASES: Mapping[str, Base] = {
    "minimal": Base(),
    "stale-records": Base(zone=ZONE + STALE_RECORDS),
    "other-service": Base(zone=ZONE + OTHER_SERVICE, other_service=True),
    "no-disco": Base(_prosody(('    "disco";\n', "")), _ejabberd(("  mod_disco: {}\n", ""))),
    "no-roster": Base(
        _prosody(('    "roster";\n', "")),
        _ejabberd(("  mod_roster: {versioning: false}\n", "")),
    ),
    "mistrusted": Base(
        _prosody(options=TRUST, host=NEIGHBOUR),
        _ejabberd(("[example.org]", "[example.org, example.com]"), options="ca_file: $certificates/ca.pem\n"),
        flaw=Flaw.SERVER_ONLY,
        federates=True,
    ),
    "txt-record": Base(zone=f'{ZONE}_xmppconnect.example.org. TXT "_xmpp-client-xbosh=https://example.org/bosh"\n'),
    "other-key": Base(zone=ZONE + OTHER_KEY, authentic=True),
    "no-messages": Base(_prosody(('"offline";', '"offline"; "message";'))),
    "federated": Base(_prosody(('    "disco";', '    "dialback";\n    "disco";'))),
    "without-dialback": Base(_prosody(('    "disco";', '    "disco";\n    "s2s_bidi";'))),
    "rooms": Base(
        _prosody(host=ROOMS), _ejabberd(modules="  mod_muc: {}\n"), f"{ZONE}conference.example.org. A {ADDRESS}\n"
    ),
    "web-5281": Base(
        probe={
            "websocket_url": "wss://example.org:5281/xmpp-websocket",
            "bosh_url": "https://example.org:5281/http-bind",
        }
    ),
    "web-5443": Base(
        probe={"websocket_url": "wss://example.org:5443/ws", "bosh_url": "https://example.org:5443/bosh"},
    ),
    "web-clients": Base(
        _prosody(('"tls";', '"tls"; "bosh"; "websocket";'), options=BEHIND_PROXY),
        _ejabberd((HTTPS, HTTPS + HTTP), modules="  mod_bosh: {}\n"),
        site=SITE,
    ),
    "no-tls": Base(
        _prosody(('    "tls";\n', '    "dialback";\n'), options=UNENCRYPTED),
        _ejabberd((C2S, C2S_WITHOUT_TLS), ("s2s_use_starttls: required", "s2s_use_starttls: false")),
        zone=f"{ZONE}_xmpps-client._tcp.example.org. SRV 5 0 5223 xmpp.example.org.\n",
    ),
    "plain-login": Base(
        _prosody(options="c2s_require_encryption = false\nallow_unencrypted_plain_auth = true\n"),
        _ejabberd(("starttls_required: true", "starttls: true")),
    ),
    "old-login": Base(
        _prosody(
            ('"tls";', '"tls"; "legacyauth";'),
        ),
        _ejabberd(
            ("auth_password_format: scram", "auth_password_format: plain"),
            ("disable_sasl_mechanisms: [digest-md5, X-OAUTH2]", "disable_sasl_mechanisms: [X-OAUTH2]"),
            modules="  mod_legacy_auth: {}\n",
        ),
    ),
    "old-tls": Base(
        _prosody(options=OLD_TLS),
        _ejabberd((NEW_TLS, "[no_sslv3]"), options=OLD_CIPHERS),
    ),
    "weak-key": Base(flaw=Flaw.WEAK_KEY, old_openssl=True),
    "bad-certificate": Base(flaw=Flaw.STALE),
    "uncovered": Base(
        _prosody(host=ROOMS + UPLOADS),
        _ejabberd(("request_handlers: {}", "request_handlers: {/upload: mod_http_upload}"), modules=ROOMS_AND_UPLOADS),
        zone=f"{ZONE}conference.example.org. A {ADDRESS}\nupload.example.org. A {ADDRESS}\n",
    ),
}
