"""ejabberd 23.01 (Debian 12) configured to pass, to offer little, to break its word and to be Debian's default."""

from string import Template

import yaml

from tests.servers.certificates import Flaw
from tests.servers.configurations.record import (
    WITH_DIRECT_TLS_BETWEEN_SERVERS,
    WITHOUT_DIRECT_TLS,
    Configuration,
    Process,
)

GLOBAL = """
loglevel: info
log_rotate_count: 0
c2s_protocol_options: [no_sslv3, no_tlsv1, no_tlsv1_1, cipher_server_preference, no_compression]
s2s_protocol_options: [no_sslv3, no_tlsv1, no_tlsv1_1, cipher_server_preference, no_compression]
s2s_use_starttls: required
auth_password_format: scram
auth_scram_hash: sha256
disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
listen:
  - {port: 5222, ip: $address, module: ejabberd_c2s, max_stanza_size: 262144, starttls_required: true}
  - {port: 5223, ip: $address, module: ejabberd_c2s, max_stanza_size: 262144, tls: true}
  - {port: 5269, ip: $address, module: ejabberd_s2s_in, max_stanza_size: 524288}
  - {port: 443, ip: $address, module: ejabberd_http, tls: true, request_handlers: $handlers}
  - {port: 3478, ip: $address, transport: udp, module: ejabberd_stun, use_turn: true, turn_ipv4_address: $address}
acl:
  admin: {user: admin}
  local: {user_regexp: ""}
access_rules:
  administrators: {allow: admin}
  everybody: {allow: all}
  local: {allow: local}
  nobody: {deny: all}
shaper_rules:
  max_user_sessions: 1000
  max_user_offline_messages: 100
  c2s_shaper: none
  s2s_shaper: none
registration_timeout: infinity
"""

HANDLERS = """{
  /.well-known/host-meta: mod_host_meta, /.well-known/host-meta.json: mod_host_meta,
  /bosh: mod_bosh, /upload: mod_http_upload, /ws: ejabberd_http_ws}
"""

DEBIAN = """
loglevel: info
log_rotate_count: 0
define_macro:
  TLS_CIPHERS: "HIGH:!aNULL:!eNULL:!3DES:@STRENGTH"
  TLS_OPTIONS: [no_sslv3, no_tlsv1, no_tlsv1_1, cipher_server_preference, no_compression]
c2s_ciphers: TLS_CIPHERS
s2s_ciphers: TLS_CIPHERS
c2s_protocol_options: TLS_OPTIONS
s2s_protocol_options: TLS_OPTIONS
listen:
  - port: 5222
    ip: $address
    module: ejabberd_c2s
    max_stanza_size: 262144
    shaper: c2s_shaper
    access: c2s
    starttls_required: true
    protocol_options: TLS_OPTIONS
  - port: 5223
    ip: $address
    module: ejabberd_c2s
    max_stanza_size: 262144
    shaper: c2s_shaper
    access: c2s
    tls: true
    protocol_options: TLS_OPTIONS
  - {port: 5269, ip: $address, module: ejabberd_s2s_in, max_stanza_size: 524288}
  - port: 5443
    ip: $address
    module: ejabberd_http
    tls: true
    protocol_options: TLS_OPTIONS
    request_handlers: {/api: mod_http_api, /bosh: mod_bosh, /ws: ejabberd_http_ws}
  - port: 5280
    ip: $address
    module: ejabberd_http
    tls: true
    protocol_options: TLS_OPTIONS
    request_handlers: {/admin: ejabberd_web_admin, /.well-known/acme-challenge: ejabberd_acme}
  - {port: 3478, ip: $address, transport: udp, module: ejabberd_stun, use_turn: true}
  - {port: 1883, ip: $address, module: mod_mqtt, backlog: 1000}
disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
s2s_use_starttls: required
auth_password_format: scram
acl:
  admin: {user: [""]}
  local: {user_regexp: ""}
  loopback: {ip: [127.0.0.0/8, "::1/128"]}
access_rules:
  local: {allow: local}
  c2s: {deny: blocked, allow: all}
  announce: {allow: admin}
  configure: {allow: admin}
  muc_create: {allow: local}
  pubsub_createnode: {allow: local}
  trusted_network: {allow: loopback}
api_permissions:
  "console commands": {from: [ejabberd_ctl], who: all, what: "*"}
  "admin access":
    who:
      access: {allow: [{acl: loopback}, {acl: admin}]}
      oauth: {scope: "ejabberd:admin", access: {allow: [{acl: loopback}, {acl: admin}]}}
    what: ["*", "!stop", "!start"]
  "public commands": {who: {ip: 127.0.0.1/8}, what: [status, connected_users_number]}
shaper:
  normal: {rate: 3000, burst_size: 20000}
  fast: 200000
shaper_rules:
  max_user_sessions: 10
  max_user_offline_messages: {5000: admin, 100: all}
  c2s_shaper: {none: admin, normal: all}
  s2s_shaper: fast
"""
"""The file that Debian installs but for its modules, with addresses changed."""

WEAK_LOGINS = (
    GLOBAL.replace("$handlers", "{}")
    .replace("auth_password_format: scram\n", "auth_password_format: plain\n")
    .replace("disable_sasl_mechanisms: [digest-md5, X-OAUTH2]\n", "")
    .replace("no_tlsv1_1, ", "no_tlsv1_1, no_tlsv1_3, ")
    + "captcha_cmd: $directory/captcha\n"
)
"""Passwords are kept as they are, so that mechanisms of old are possible; TLS 1.3, which has no tls-unique, is not."""

BETWEEN_SERVERS = "  - {port: 5269, ip: $address, module: ejabberd_s2s_in, max_stanza_size: 524288}\n"
OLD_TLS = (
    GLOBAL.replace("$handlers", "{}")
    .replace("no_sslv3, no_tlsv1, no_tlsv1_1, cipher_server_preference, no_compression", "no_sslv3")
    .replace("starttls_required: true", "starttls: true")
    .replace("s2s_use_starttls: required", 'c2s_ciphers: "ALL:@SECLEVEL=0"\ns2s_ciphers: "ALL:@SECLEVEL=0"')
    .replace(BETWEEN_SERVERS, BETWEEN_SERVERS + BETWEEN_SERVERS.replace("5269", "5270").replace("}", ", tls: true}"))
)
"""TLS is there for who wants it, in all versions and with all cipher suites that OpenSSL still has."""

PORTS = (5222, 5223, 5269, 443)
PROCESSES = {
    "main": Process(GLOBAL.replace("$handlers", HANDLERS), PORTS),
    # The handlers of host-meta crash for a domain without the module, and Debian's configuration has none of them.
    "bare": Process(GLOBAL.replace("$handlers", "{}"), PORTS),
    "weak": Process(WEAK_LOGINS, PORTS),
    "old-tls": Process(OLD_TLS, (*PORTS, 5270)),
    "federation": Process(GLOBAL.replace("$handlers", "{}") + "ca_file: $certificates/ca.pem\n", PORTS, federates=True),
    "default": Process(DEBIAN, (5222, 5223, 5269, 5443)),
}

DEFAULT = """
mod_adhoc: {}
mod_admin_extra: {}
mod_announce: {access: announce}
mod_avatar: {}
mod_blocking: {}
mod_bosh: {}
mod_caps: {}
mod_carboncopy: {}
mod_client_state: {}
mod_configure: {}
mod_disco: {}
mod_fail2ban: {}
mod_http_api: {}
mod_last: {}
mod_mqtt: {}
mod_muc:
  access: [allow]
  access_admin: [{allow: admin}]
  access_create: muc_create
  access_persistent: muc_create
  access_mam: [allow]
  default_room_options: {mam: true}
mod_muc_admin: {}
mod_offline: {access_max_user_messages: max_user_offline_messages}
mod_ping: {}
mod_pres_counter: {count: 5, interval: 60}
mod_privacy: {}
mod_private: {}
mod_pubsub:
  access_createnode: pubsub_createnode
  plugins: [flat, pep]
  force_node_config:
    "eu.siacs.conversations.axolotl.*": {access_model: open}
    "storage:bookmarks": {access_model: whitelist}
mod_push: {}
mod_push_keepalive: {}
mod_roster: {versioning: true}
mod_s2s_dialback: {}
mod_shared_roster: {}
mod_sic: {}
mod_stream_mgmt: {resend_on_timeout: if_offline}
mod_stun_disco: {}
mod_vcard: {search: false}
mod_vcard_xupdate: {}
mod_version: {}
"""

GOOD = """
mod_adhoc: {}
mod_admin_extra: {}
mod_avatar: {}
mod_blocking: {}
mod_bosh: {}
mod_caps: {}
mod_carboncopy: {}
mod_client_state: {}
mod_disco:
  server_info:
    - {modules: all, name: abuse-addresses, urls: ["mailto:abuse@$domain"]}
    - {modules: all, name: admin-addresses, urls: ["mailto:admin@$domain"]}
    - {modules: all, name: security-addresses, urls: ["mailto:security@$domain"]}
    - {modules: all, name: support-addresses, urls: ["xmpp:support@$domain"]}
mod_host_meta: {bosh_service_url: "https://@HOST@/bosh", websocket_url: "wss://@HOST@/ws"}
mod_http_api: {}
mod_http_upload:
  docroot: $directory/upload
  put_url: https://@HOST@/upload
  max_size: 10485760
  custom_headers:
    Access-Control-Allow-Origin: "*"
    Access-Control-Allow-Methods: GET,HEAD,PUT,OPTIONS
    Access-Control-Allow-Headers: Content-Type
mod_last: {}
mod_mam: {default: always, assume_mam_usage: true}
mod_mix: {}
mod_mix_pam: {}
mod_muc: {access_mam: everybody, default_room_options: {mam: true}}
mod_muc_admin: {}
mod_offline: {}
mod_ping: {}
mod_privacy: {}
mod_private: {}
mod_proxy65: {ip: $address, port: 7777}
mod_pubsub:
  plugins: [flat, pep]
  force_node_config: {"storage:bookmarks": {access_model: whitelist}}
mod_push: {}
mod_push_keepalive: {}
mod_register: {access: everybody, ip_access: everybody}
mod_roster: {versioning: true}
mod_s2s_dialback: {}
mod_stream_mgmt: {resend_on_timeout: if_offline}
mod_stun_disco:
  secret: turn-secret
  services:
    - {host: $address, port: 3478, type: stun, transport: udp, restricted: false}
    - {host: $address, port: 3478, type: turn, transport: udp, restricted: true}
mod_time: {}
mod_vcard: {search: false}
mod_vcard_xupdate: {}
mod_version: {}
"""

BARE = """
mod_admin_extra: {}
mod_disco: {}
mod_roster: {versioning: false}
"""

MINIMAL = """
mod_roster: {}
"""

NO_ROOMS = """
mod_admin_extra: {}
mod_disco: {}
mod_mam: {default: never}
mod_muc: {access_create: administrators, access_mam: everybody, default_room_options: {mam: true}}
mod_muc_admin: {}
mod_roster: {versioning: true}
"""

FEDERATED = """
mod_admin_extra: {}
mod_disco: {}
mod_roster: {}
mod_s2s_dialback: {}
"""

CLOSED_REGISTRATION = """
mod_disco: {}
mod_register: {access: none}
mod_roster: {}
"""

WEB_REGISTRATION = """
mod_disco: {}
mod_register: {access: everybody, ip_access: everybody, redirect_url: "https://$domain/register"}
mod_roster: {}
"""

WEAK = """
mod_admin_extra: {}
mod_register: {access: everybody, ip_access: everybody, captcha_protected: true}
mod_disco: {}
mod_legacy_auth: {}
mod_roster: {}
"""

BROKEN = """
mod_admin_extra: {}
mod_bosh: {}
mod_caps: {}
mod_disco: {}
mod_host_meta: {bosh_service_url: "https://@HOST@:9/bosh", websocket_url: "wss://@HOST@:9/ws"}
mod_http_upload: {docroot: $directory/upload-broken, put_url: "https://@HOST@:9/upload"}
mod_muc: {}
mod_muc_admin: {}
mod_proxy65: {ip: $address, port: 7778, hostname: nowhere.$domain}
mod_pubsub:
  plugins: [flat, pep]
  force_node_config: {"eu.siacs.conversations.axolotl.*": {access_model: whitelist}}
mod_register: {access: everybody, ip_access: nobody}
mod_roster: {versioning: true}
mod_stun_disco:
  offer_local_services: false
  secret: wrong
  services:
    - {host: $address, port: 9, type: stun, transport: udp, restricted: false}
    - {host: $address, port: 9, type: turn, transport: udp, restricted: true}
"""

CONFIGURATIONS = (
    Configuration("good", "ejabberd", GOOD, components=("conference", "upload", "proxy", "pubsub")),
    Configuration("bare", "ejabberd", BARE, process="bare", records=WITHOUT_DIRECT_TLS),
    Configuration("minimal", "ejabberd", MINIMAL, process="bare", records=WITHOUT_DIRECT_TLS),
    Configuration("no-rooms", "ejabberd", NO_ROOMS, process="bare", components=("conference",)),
    Configuration(
        "broken",
        "ejabberd",
        BROKEN,
        components=("conference", "upload", "proxy", "pubsub"),
        records=WITHOUT_DIRECT_TLS + "_xmpps-client._tcp SRV 5 0 9 xmpp\n",
    ),
    Configuration("closed-registration", "ejabberd", CLOSED_REGISTRATION, process="bare"),
    Configuration("web-registration", "ejabberd", WEB_REGISTRATION, process="bare"),
    Configuration("weak", "ejabberd", WEAK, process="weak"),
    Configuration("old-tls", "ejabberd", FEDERATED, process="old-tls", records=WITH_DIRECT_TLS_BETWEEN_SERVERS),
    Configuration("expired", "ejabberd", BARE, process="bare", flaw=Flaw.EXPIRED),
    Configuration("wrong-name", "ejabberd", BARE, process="bare", flaw=Flaw.WRONG_NAME),
    Configuration("self-signed", "ejabberd", BARE, process="bare", flaw=Flaw.SELF_SIGNED),
    Configuration("federation", "ejabberd", BARE, process="federation"),
    Configuration("default", "ejabberd", DEFAULT, process="default", components=("conference", "pubsub")),
)


def text(process: str) -> str:
    """The whole configuration file of a process; `$address`, `$certificates` and `$directory` are still open."""
    domains = [configuration for configuration in CONFIGURATIONS if configuration.process == process]
    document = yaml.safe_load(PROCESSES[process].settings)
    document["hosts"] = [each.domain for each in domains]
    document["certfiles"] = [f"$certificates/{each.domain}.pem" for each in domains]
    document["append_host_config"] = {
        each.domain: {"modules": yaml.safe_load(Template(each.settings).safe_substitute(domain=each.domain))}
        for each in domains
    }
    return yaml.safe_dump(document, sort_keys=False)
