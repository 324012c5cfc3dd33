"""The domain of ours that speaks to other servers: what its certificate and key must be."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from tests.servers.certificates import CertificateAuthority, Flaw
from xmpp_exporter.config import Config, load_config
from xmpp_exporter.network_setup import network_of
from xmpp_exporter.serving.yamlfile import YamlError

DOMAIN = "monitor.example.org"
TEXT = f"""s2s:
  domain: {DOMAIN}
  cert_file: {DOMAIN}.crt
  key_file: {DOMAIN}.key
"""


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    authority = CertificateAuthority(tmp_path)
    authority.issue(DOMAIN)
    return authority


def loaded(directory: Path, text: str = TEXT) -> Config:
    (directory / "exporter.yml").write_text(text)
    return load_config(directory / "exporter.yml", ())


def complaints(directory: Path, text: str = TEXT) -> list[str]:
    with pytest.raises(YamlError) as raised:
        loaded(directory, text)
    return [error.replace(f"{directory}/", "") for error in raised.value.errors]


def test_by_default_there_is_none() -> None:
    assert Config().s2s is None
    assert network_of(Config()).identity is None


def test_the_files_stand_beside_the_configuration_and_are_loaded(authority: CertificateAuthority) -> None:
    config = loaded(authority.directory)
    assert config.s2s is not None
    assert config.s2s.key_file == authority.directory / f"{DOMAIN}.key"
    identity = network_of(config).identity
    assert identity is not None
    assert identity.domain == DOMAIN
    assert loaded(authority.directory, config.render()) == config


@pytest.mark.parametrize("flaw", [Flaw.EXPIRED, Flaw.XMPP_ADDR, Flaw.SRV_NAME, Flaw.WILDCARD, Flaw.INTERMEDIATE])
def test_every_certificate_for_the_domain_will_do(authority: CertificateAuthority, flaw: Flaw) -> None:
    authority.issue(DOMAIN, flaw=flaw)
    assert loaded(authority.directory).s2s is not None


def unreadable(file: str) -> Callable[[CertificateAuthority], None]:
    return lambda authority: (authority.directory / file).unlink()


def without_pem(file: str) -> Callable[[CertificateAuthority], None]:
    def spoil(authority: CertificateAuthority) -> None:
        (authority.directory / file).write_text("text")

    return spoil


def of_another(authority: CertificateAuthority) -> None:
    authority.issue("other.test")
    (authority.directory / f"{DOMAIN}.key").write_bytes((authority.directory / "other.test.key").read_bytes())


def encrypted(authority: CertificateAuthority) -> None:
    file = authority.directory / f"{DOMAIN}.key"
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    passphrase = serialization.BestAvailableEncryption(b"passphrase")
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, passphrase))


def for_another(authority: CertificateAuthority) -> None:
    authority.issue(DOMAIN, flaw=Flaw.WRONG_NAME)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (unreadable(f"{DOMAIN}.crt"), f"exporter.yml:3: s2s.cert_file: cannot read {DOMAIN}.crt: No such file"),
        (unreadable(f"{DOMAIN}.key"), f"exporter.yml:4: s2s.key_file: cannot read {DOMAIN}.key: No such file"),
        (without_pem(f"{DOMAIN}.crt"), "exporter.yml:3: s2s.cert_file: holds no PEM certificate"),
        (without_pem(f"{DOMAIN}.key"), "exporter.yml:4: s2s.key_file: holds no PEM private key"),
        (of_another, "exporter.yml:4: s2s.key_file: is not the key of the certificate in cert_file"),
        (encrypted, "exporter.yml:4: s2s.key_file: is encrypted: store it without a passphrase"),
        (
            for_another,
            "exporter.yml:2: s2s.domain: is no name of the certificate in cert_file, which is for other.test",
        ),
    ],
)
def test_files_that_cannot_be_used_are_told(
    authority: CertificateAuthority, spoil: Callable[[CertificateAuthority], None], complaint: str
) -> None:
    spoil(authority)
    (found,) = complaints(authority.directory)
    assert found.startswith(complaint)


@pytest.mark.parametrize("key", ["domain", "cert_file", "key_file"])
def test_all_three_keys_are_required(authority: CertificateAuthority, key: str) -> None:
    lines = [line for line in TEXT.splitlines() if f" {key}:" not in line]
    assert complaints(authority.directory, "\n".join(lines)) == [f"exporter.yml:1: s2s.{key}: is required"]
