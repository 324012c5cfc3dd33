"""exporter-toolkit's web configuration: what is honoured, and what is refused by file, line and key."""

import ssl
from pathlib import Path

import pytest
import structlog

from xmpp_exporter.serving.webconfig import WebConfig
from xmpp_exporter.serving.websettings import CIPHERS, WebSettings
from xmpp_exporter.serving.yamlfile import YamlError, load, validate

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"


def settings(tmp_path: Path, text: str) -> WebSettings:
    file = tmp_path / "web.yml"
    file.write_text(text)
    return validate(load(file), WebSettings)


def errors(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(YamlError) as caught:
        settings(tmp_path, text)
    return [error.removeprefix(f"{tmp_path}/") for error in caught.value.errors]


def test_no_file_and_an_empty_file_are_plain_http_for_everybody(tmp_path: Path) -> None:
    (tmp_path / "empty.yml").write_text("")
    for config in (WebConfig(), WebConfig(tmp_path / "empty.yml")):
        assert config.tls is None
        assert not config.users
        assert not config.headers


def test_a_full_file_is_understood(tmp_path: Path) -> None:
    read = settings(
        tmp_path,
        f"""\
tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus.example.org]
  min_version: TLS12
  max_version: TLS12
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
http_server_config:
  http2: false
  headers:
    X-Frame-Options: deny
    Content-Security-Policy: default-src 'none'
    X-XSS-Protection: ""
    Strict-Transport-Security:
basic_auth_users:
  alice: {HASH}
""",
    )
    assert read.tls_server_config is not None
    assert read.tls_server_config.client_allowed_sans == ["prometheus.example.org"]
    assert read.headers == {"X-Frame-Options": "deny", "Content-Security-Policy": "default-src 'none'"}
    assert read.users == {"alice": HASH}


HEADERS = "http_server_config:\n  headers:\n    "
TLS = "tls_server_config:\n  cert_file: c\n  key_file: k\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (TLS + "  curve_preferences: [X25519]\n", "web.yml:4: tls_server_config.curve_preferences: the curves cannot"),
        ("rate_limit:\n  interval: 1s\n", "web.yml:1: rate_limit: requests cannot be limited here"),
        ("http_server_config:\n  http2: true\n", "web.yml:2: http_server_config.http2: HTTP/2 is not spoken here"),
        (TLS + "  client_auth_type: RequestClientCert\n", "web.yml:4: tls_server_config.client_auth_type: a client"),
        (TLS + "  client_auth_type: RequireAnyClientCert\n", "write VerifyClientCertIfGiven or RequireAndVerify"),
        (TLS + "  client_auth_type: RequireClientCert\n", "write VerifyClientCertIfGiven or RequireAndVerify"),
        (TLS + "  client_auth_type: Sometimes\n", "client_auth_type: should be 'NoClientCert', 'VerifyClientCertIfGiv"),
        (TLS + "  client_ca_file: ca\n", "client_ca_file needs client_auth_type: RequireAndVerifyClientCert"),
        (TLS + "  client_allowed_sans: [a]\n", "client_allowed_sans needs client_auth_type"),
        (TLS + "  min_version: TLS10\n", "web.yml:4: tls_server_config.min_version: TLS10 is no longer offered"),
        (TLS + "  max_version: TLS11\n", "web.yml:4: tls_server_config.max_version: TLS11 is no longer offered"),
        (TLS + "  min_version: TLS14\n", "tls_server_config.min_version: should be 'TLS12' or 'TLS13'"),
        (TLS + "  min_version: TLS13\n  max_version: TLS12\n", "min_version is above max_version"),
        (TLS + "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n", "unknown or insecure cipher suite TLS_RSA_WITH_RC4"),
        (TLS + "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", "belongs to TLS 1.3"),
        (TLS + "  cert: x\n", "web.yml:1: tls_server_config: write cert or cert_file, not both"),
        ("tls_server_config:\n  cert_file: c\n", "web.yml:1: tls_server_config: wants key_file (or key)"),
        ("tls_server_config:\n  certfile: c\n", "tls_server_config.certfile: unknown key; did you mean cert_file?"),
        ("basic_auth_user: {}\n", "web.yml:1: basic_auth_user: unknown key; did you mean basic_auth_users?"),
        ("quite_different: 1\n", "unknown key; known here: basic_auth_users, http_server_config, rate_limit, tls_serv"),
        ("basic_auth_users:\n  alice: hunter2\n", "web.yml:2: basic_auth_users.alice: is no bcrypt hash: make one"),
        ("basic_auth_users:\n  alice: $2y$99$" + HASH[7:], "web.yml:2: basic_auth_users.alice: is no bcrypt hash"),
        (f"basic_auth_users:\n  'a:b': {HASH}\n", "web.yml:2: basic_auth_users.a:b: a user name cannot have a colon"),
        (f"basic_auth_users:\n  12: {HASH}\n", 'web.yml:2: basic_auth_users: the key 12 is read as int: write "12"'),
        (HEADERS + "Server: x\n", "web.yml:3: http_server_config.headers.Server: unknown key; known here: Content-"),
        (HEADERS + "x-frame-option: deny\n", "unknown key; did you mean X-Frame-Options?"),
        (HEADERS + "X-Frame-Options: allow\n", "web.yml:3: http_server_config.headers.X-Frame-Options: should be 'den"),
        (
            HEADERS + 'X-XSS-Protection: "0\\r\\nSet-Cookie: a"\n',
            "web.yml:3: http_server_config.headers.X-XSS-Protection: h",
        ),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_line_and_key(tmp_path: Path, text: str, error: str) -> None:
    found = errors(tmp_path, text)
    assert len(found) == 1
    assert error in found[0]
    assert found[0].startswith("web.yml:")
    assert "hunter2" not in found[0]


def test_every_cipher_suite_of_go_is_known_to_openssl() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for name in CIPHERS.values():
        context.set_ciphers(name)
        assert name in {cipher["name"] for cipher in context.get_ciphers()}


def test_a_file_that_became_unusable_is_told_once_and_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text(f"basic_auth_users:\n  alice: {HASH}\n")
    config = WebConfig(file)
    with structlog.testing.capture_logs() as logs:
        file.write_text("basic_auth_users: [\n")
        for _ in range(3):
            assert config.users == {"alice": HASH}
        assert [entry["log_level"] for entry in logs] == ["error"]
        assert str(file) in logs[0]["error"]
        file.write_text("basic_auth_users: {}\n")
        assert config.users == {}
        file.unlink()
        for _ in range(3):
            assert config.users == {}
    assert [entry["log_level"] for entry in logs] == ["error", "info", "error"]
