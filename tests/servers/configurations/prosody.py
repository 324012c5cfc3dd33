"""Prosody 0.12 (Debian 12) configured to pass, to offer little, to break its word and to be Debian's default."""

from string import Template

from tests.servers.certificates import Flaw
from tests.servers.configurations.record import (
    RECORDS,
    WITH_DIRECT_TLS_BETWEEN_SERVERS,
    WITHOUT_DIRECT_TLS,
    Configuration,
    Process,
)

GLOBAL = """
interfaces = { "$address" }
local_interfaces = { "$address" }
c2s_direct_tls_ports = { 5223 }
s2s_direct_tls_ports = { 5270 }
https_ports = { 443 }
certificates = "$certificates"
data_path = "$directory/data"
pidfile = "$directory/prosody.pid"
plugin_paths = { "$plugins" }
log = { info = "*console" }
authentication = "internal_hashed"
modules_enabled = { "admin_shell", "http" }
"""

WITHOUT_CORS = """
http_cors_override = { file_share = { enabled = false }, host_meta = { enabled = false } }
"""

OLD_TLS = """
ssl = { protocol = "tlsv1+", ciphers = "ALL:COMPLEMENTOFALL:@SECLEVEL=0" }
tls_profile = "legacy"
c2s_require_encryption = false
s2s_require_encryption = false
allow_unencrypted_plain_auth = true
"""

FEDERATION = """
s2s_secure_auth = true
ssl = { cafile = "$certificates/ca.pem" }
unbound = { options = { ["do-not-query-localhost:"] = "no", ["local-zone:"] = "test. transparent" } }
"""
"""Other servers must prove who they are, by a certificate of the tests' authority. Where Prosody resolves by libunbound
(lua-unbound), that would not ask a loopback address, and say that there is no domain `test` (RFC 6761 §6.2).
"""

DEBIAN = """
interfaces = { "$address" }
local_interfaces = { "$address" }
certificates = "$certificates"
data_path = "$directory/data"
pidfile = "$directory/prosody.pid"
log = { info = "*console" }
admins = { }
modules_enabled = {
    "disco", "roster", "saslauth", "tls",
    "blocklist", "bookmarks", "carbons", "dialback", "limits", "pep", "private", "smacks", "vcard4", "vcard_legacy",
    "csi_simple", "invites", "invites_adhoc", "invites_register", "ping", "register", "time", "uptime", "version",
    "admin_adhoc", "admin_shell", "posix",
}
modules_disabled = { }
s2s_secure_auth = true
limits = { c2s = { rate = "10kb/s" }, s2sin = { rate = "30kb/s" } }
authentication = "internal_hashed"
archive_expires_after = "1w"
"""
"""The file that Debian installs, with addresses and paths changed."""

PORTS = (5222, 5223, 5269, 443)
PROCESSES = {
    "main": Process(GLOBAL, PORTS),
    "default": Process(DEBIAN, (5222, 5269)),
    "broken": Process(GLOBAL + WITHOUT_CORS, PORTS),
    "old-tls": Process(GLOBAL + OLD_TLS, (*PORTS, 5270)),
    "federation": Process(GLOBAL + FEDERATION, PORTS, federates=True),
}

BASIC = '"disco", "roster", "saslauth", "tls"'

EVERYTHING = """
    "disco", "roster", "saslauth", "tls",
    "blocklist", "bookmarks", "bosh", "carbons", "cloud_notify", "csi", "csi_simple", "dialback", "http_host_meta",
    "lastactivity", "mam", "offline", "pep", "ping", "private", "register", "s2s_bidi", "server_contact_info", "smacks",
    "time", "turn_external", "uptime", "vcard4", "vcard_legacy", "version", "websocket"
"""

ADVERTISED = """
    advertise = { "urn:xmpp:reporting:1", "urn:xmpp:serverinfo:0" }
    advertise_to_account = { "urn:xmpp:mds:server-assist:0" }
    advertise_status = "https://$domain/status.json"
"""

CONTACTS_AND_CALLS = """
    contact_info = {
        abuse = { "mailto:abuse@$domain", "xmpp:abuse@$domain" }, admin = { "mailto:admin@$domain" },
        security = { "mailto:security@$domain" }, support = { "xmpp:support@$domain" },
    }
    turn_external_host = "turn.$domain"
    turn_external_secret = "turn-secret"
"""

LINKS = """
    host_meta_links = {
        websocket = "wss://$domain/xmpp-websocket", xbosh = "https://$domain/http-bind",
    }
"""

HOSTS = """
    host_meta_ttl = 3600
    host_meta_hosts = {
        tls = { port = 5223, sni = "$domain", ips = { "$address" }, priority = 5, weight = 0 },
    }
"""

GOOD = f"""
VirtualHost "$domain"
    modules_enabled = {{ {EVERYTHING}, "advertise" }}
    {ADVERTISED}
    {CONTACTS_AND_CALLS}
    {LINKS}
    {HOSTS}
    allow_registration = true
Component "conference.$domain" "muc"
    modules_enabled = {{ "muc_mam", "vcard_muc", "muc_moderation" }}
Component "upload.$domain" "http_file_share"
Component "proxy.$domain" "proxy65"
    proxy65_address = "$address"
"""

BARE = f"""
VirtualHost "$domain"
    modules_enabled = {{ {BASIC} }}
    modules_disabled = {{ "offline" }}
"""

MINIMAL = """
VirtualHost "$domain"
    modules_enabled = { "roster", "saslauth", "tls" }
"""

NO_ROOMS = f"""
VirtualHost "$domain"
    modules_enabled = {{ {BASIC} }}
Component "conference.$domain" "muc"
    modules_enabled = {{ "muc_mam", "vcard_muc" }}
    restrict_room_creation = true
"""

TWO_MUCS_AND_GATEWAY = f"""
VirtualHost "$domain"
    modules_enabled = {{ {BASIC} }}
Component "chat.$domain" "muc"
    modules_enabled = {{ "muc_mam", "vcard_muc" }}
Component "irc.$domain" "gateway"
Component "rooms.$domain" "muc"
"""

CLOSED_REGISTRATION = f"""
VirtualHost "$domain"
    modules_enabled = {{ {BASIC}, "register" }}
    allow_registration = false
"""

BROKEN = f"""
VirtualHost "$domain"
    modules_enabled = {{ {EVERYTHING}, "advertise", "refuse" }}
    advertise = {{ "urn:xmpp:reporting:0", "urn:xmpp:serverinfo:0" }}
    advertise_status = "https://$domain:9/status.json"
    {CONTACTS_AND_CALLS}
    host_meta_links = {{
        websocket = "wss://$domain:9/xmpp-websocket", xbosh = "https://$domain:9/http-bind",
    }}
    allow_registration = true
    refuse = {{
        "http://jabber.org/protocol/pubsub:pubsub", "jabber:iq:last:query", "jabber:iq:private:query",
        "jabber:iq:register:query", "jabber:iq:version:query", "urn:xmpp:blocking:blocklist",
        "urn:xmpp:carbons:2:enable", "urn:xmpp:mam:2:metadata", "urn:xmpp:mam:2:prefs", "urn:xmpp:mam:2:query",
        "urn:xmpp:ping:ping", "urn:xmpp:sm:3:enable", "urn:xmpp:time:time", "vcard-temp:vCard",
    }}
Component "conference.$domain" "muc"
    modules_enabled = {{ "muc_mam", "refuse", "vcard_muc" }}
    refuse = {{ "urn:xmpp:mam:2:query", "vcard-temp:vCard" }}
Component "upload.$domain" "http_file_share"
    http_external_url = "https://upload.$domain:9/"
Component "proxy.$domain" "proxy65"
    modules_enabled = {{ "refuse" }}
    proxy65_address = "$address"
    refuse = {{ "http://jabber.org/protocol/bytestreams:query" }}
"""

NO_CORS = f"""
VirtualHost "$domain"
    modules_enabled = {{ {BASIC}, "bosh", "http_host_meta", "websocket" }}
    {LINKS}
Component "upload.$domain" "http_file_share"
"""

WEAK = f"""
VirtualHost "$domain"
    modules_enabled = {{ {BASIC}, "legacyauth" }}
"""

SASL2 = f"""
VirtualHost "$domain"
    modules_enabled = {{ {BASIC}, "connection_info", "sasl2", "sasl2_bind2" }}
"""

TLS_1_2 = f"""
VirtualHost "$domain"
    modules_enabled = {{ {BASIC}, "invites_adhoc" }}
    allow_user_invites = true
    ssl = {{ protocol = "tlsv1_2" }}
"""

FEDERATED = f"""
VirtualHost "$domain"
    modules_enabled = {{ {BASIC}, "dialback" }}
Component "conference.$domain" "muc"
    modules_enabled = {{ "dialback", "tls" }}
"""

COMPONENT_DOWN = f"""
VirtualHost "$domain"
    modules_enabled = {{ {BASIC} }}
Component "conference.$domain"
    component_secret = "nobody connects"
"""

DIRECT_TLS_DEAD = RECORDS.replace("SRV 5 0 5223", "SRV 5 0 9") + "turn A $address\n"

CONFIGURATIONS = (
    Configuration(
        "good",
        "prosody",
        GOOD,
        components=("conference", "upload", "proxy"),
        records=RECORDS + "turn A $address\n",
        turn=True,
    ),
    Configuration("bare", "prosody", BARE, records=WITHOUT_DIRECT_TLS),
    Configuration("minimal", "prosody", MINIMAL, records=WITHOUT_DIRECT_TLS),
    Configuration("no-rooms", "prosody", NO_ROOMS, components=("conference",)),
    Configuration("two-mucs-and-gateway", "prosody", TWO_MUCS_AND_GATEWAY, components=("chat", "irc", "rooms")),
    Configuration("closed-registration", "prosody", CLOSED_REGISTRATION),
    Configuration("weak", "prosody", WEAK),
    Configuration("sasl2", "prosody", SASL2),
    Configuration("tls-1-2", "prosody", TLS_1_2, records=WITHOUT_DIRECT_TLS),
    Configuration("expired", "prosody", BARE, flaw=Flaw.EXPIRED),
    Configuration("soon", "prosody", BARE, flaw=Flaw.SOON),
    Configuration("wrong-name", "prosody", BARE, flaw=Flaw.WRONG_NAME),
    Configuration("self-signed", "prosody", BARE, flaw=Flaw.SELF_SIGNED),
    Configuration("default", "prosody", 'VirtualHost "$domain"\n', process="default", records=WITHOUT_DIRECT_TLS),
    Configuration(
        "broken",
        "prosody",
        BROKEN,
        process="broken",
        components=("conference", "upload", "proxy"),
        records=DIRECT_TLS_DEAD,
    ),
    Configuration("no-cors", "prosody", NO_CORS, process="broken", components=("upload",)),
    Configuration("component-down", "prosody", COMPONENT_DOWN, process="broken", components=("conference",)),
    Configuration("uncovered", "prosody", FEDERATED, records=RECORDS + "conference A $address\n"),
    Configuration(
        "federated",
        "prosody",
        FEDERATED,
        components=("conference",),
        records=WITH_DIRECT_TLS_BETWEEN_SERVERS,
    ),
    Configuration(
        "old-tls",
        "prosody",
        FEDERATED,
        process="old-tls",
        components=("conference",),
        records=WITH_DIRECT_TLS_BETWEEN_SERVERS,
    ),
    Configuration("federation", "prosody", BARE, process="federation"),
)


def text(process: str) -> str:
    """The configuration file of a process; `$address`, `$certificates`, `$directory` and `$plugins` are still open."""
    hosts = (
        Template(configuration.settings).safe_substitute(domain=configuration.domain)
        for configuration in CONFIGURATIONS
        if configuration.process == process
    )
    return PROCESSES[process].settings + "".join(hosts)
