"""TLS and client certificates of the web configuration, with real clients."""

import asyncio
import shutil
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from xmpp_exporter.serving.address import Address
from xmpp_exporter.serving.listeners import Listeners
from xmpp_exporter.serving.webconfig import WebConfig
from xmpp_exporter.serving.yamlfile import YamlError

REFUSED = (aiohttp.ClientError, ConnectionError, ssl.SSLError)


class Authority:
    """A certificate authority that lives as long as a test."""

    def __init__(self, directory: Path, name: str, parent: "Authority | None" = None) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        certificate = (parent or self)._signed(self._name, self._key.public_key(), constraints)
        self.file = directory / f"{name}.crt"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, file: str, *names: x509.GeneralName) -> tuple[Path, Path]:
        """A certificate for servers and clients in FILE.crt, its key in FILE.key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, file)])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        certificate = self._signed(subject, key.public_key(), usage, x509.SubjectAlternativeName(names))
        paths = self._directory / f"{file}.crt", self._directory / f"{file}.key"
        paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return paths

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self._key, hashes.SHA256())


class Site:
    """A directory with a CA, a server certificate, and room for a web configuration."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = Authority(directory, "ca")
        self.issue_server()

    def issue_server(self) -> None:
        self.authority.issue("server", x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1")))

    def config(
        self, extra: str = "", certificate: str = "  cert_file: server.crt\n  key_file: server.key\n"
    ) -> WebConfig:
        file = self.directory / "web.yml"
        file.write_text(f"tls_server_config:\n{certificate}{extra}")
        return WebConfig(file)

    def client(self, certificate: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authority.file)
        if certificate:
            context.load_cert_chain(*certificate)
        return context


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def serve(config: WebConfig) -> Listeners:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    return Listeners(app, [Address("127.0.0.1", 0)], config, grace=1)


async def fetch(listeners: Listeners, context: ssl.SSLContext) -> int:
    """The status that a fresh connection gets."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, force_close=True)) as session,
        asyncio.timeout(10),
        session.get(listeners.urls[0]) as response,
    ):
        return response.status


async def certificate_seen(listeners: Listeners, context: ssl.SSLContext) -> bytes:
    """The server's certificate (DER) on a fresh connection."""
    async with asyncio.timeout(10):
        _, writer = await asyncio.open_connection("127.0.0.1", listeners.bound[0].port, ssl=context)
        certificate: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        await writer.wait_closed()
        return certificate


def der(path: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(path.read_text())


async def test_a_client_that_trusts_the_ca_is_served_over_tls(site: Site) -> None:
    async with serve(site.config()) as listeners:
        assert listeners.urls[0].startswith("https://127.0.0.1:")
        assert await fetch(listeners, site.client()) == 200
        with pytest.raises(REFUSED):
            await fetch(listeners, ssl.create_default_context())


async def test_certificate_and_key_may_stand_in_the_file_itself(site: Site) -> None:
    def inline(name: str) -> str:
        return "    ".join(["|\n", *(site.directory / name).read_text().splitlines(keepends=True)])

    config = site.config(certificate=f"  cert: {inline('server.crt')}  key: {inline('server.key')}")
    async with serve(config) as listeners:
        assert await fetch(listeners, site.client()) == 200


async def test_without_a_client_certificate_the_door_stays_shut_where_one_is_required(site: Site) -> None:
    config = site.config("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n")
    stranger = Authority(site.directory, "strangers-ca").issue("stranger", x509.DNSName("prometheus.test"))
    known = site.authority.issue("client", x509.DNSName("prometheus.test"))
    async with serve(config) as listeners:
        with pytest.raises(REFUSED):
            await fetch(listeners, site.client())
        with pytest.raises(REFUSED):
            await fetch(listeners, site.client(stranger))
        assert await fetch(listeners, site.client(known)) == 200


async def test_an_intermediate_authority_can_be_the_one_that_is_trusted(site: Site) -> None:
    Authority(site.directory, "intermediate", parent=site.authority).issue("client", x509.DNSName("prometheus.test"))
    config = site.config("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: intermediate.crt\n")
    client = site.directory / "client.crt", site.directory / "client.key"
    async with serve(config) as listeners:
        assert await fetch(listeners, site.client(client)) == 200


async def test_where_a_client_certificate_is_optional_only_a_bad_one_is_refused(site: Site) -> None:
    config = site.config("  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.crt\n")
    stranger = Authority(site.directory, "strangers-ca").issue("stranger", x509.DNSName("prometheus.test"))
    async with serve(config) as listeners:
        assert await fetch(listeners, site.client()) == 200
        with pytest.raises(REFUSED):
            await fetch(listeners, site.client(stranger))


@pytest.mark.parametrize(
    "name",
    [
        x509.DNSName("prometheus.test"),
        x509.IPAddress(ip_address("2001:db8::1")),
        x509.RFC822Name("prometheus@monitoring.test"),
        x509.UniformResourceIdentifier("spiffe://monitoring.test/prometheus"),
    ],
    ids=lambda name: type(name).__name__,
)
async def test_only_clients_with_an_allowed_alternative_name_come_in(site: Site, name: x509.GeneralName) -> None:
    config = site.config(
        "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"
        f"  client_allowed_sans: ['{name.value}', 'elsewhere.test']\n"
    )
    allowed = site.authority.issue("allowed", x509.DNSName("other.test"), name)
    other = site.authority.issue("other", x509.DNSName("other.test"))
    async with serve(config) as listeners:
        assert await fetch(listeners, site.client(allowed)) == 200
        with pytest.raises(REFUSED):
            await fetch(listeners, site.client(other))


async def test_the_minimum_version_is_kept(site: Site) -> None:
    async with serve(site.config("  min_version: TLS13\n")) as listeners:
        assert await fetch(listeners, site.client()) == 200
        old = site.client()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(REFUSED):
            await fetch(listeners, old)


async def test_only_the_listed_cipher_suites_are_spoken(site: Site) -> None:
    config = site.config("  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n")
    async with serve(config) as listeners:
        client = site.client()
        client.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")
        assert await fetch(listeners, client) == 200
        client.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
        with pytest.raises(REFUSED):
            await fetch(listeners, client)


async def test_a_renewed_certificate_is_used_from_the_next_connection_on(site: Site) -> None:
    async with serve(site.config()) as listeners:
        first = await certificate_seen(listeners, site.client())
        assert first == der(site.directory / "server.crt")
        site.issue_server()
        second = await certificate_seen(listeners, site.client())
        assert second == der(site.directory / "server.crt") != first


async def test_a_renewal_that_went_wrong_leaves_the_old_certificate_until_it_is_mended(site: Site) -> None:
    certificate = site.directory / "server.crt"
    async with serve(site.config()) as listeners:
        first = await certificate_seen(listeners, site.client())
        certificate.write_text("")
        assert await certificate_seen(listeners, site.client()) == first
        certificate.unlink()
        assert await certificate_seen(listeners, site.client()) == first
        site.issue_server()
        assert await certificate_seen(listeners, site.client()) == der(certificate) != first


async def test_another_client_ca_counts_from_the_next_connection_on(site: Site) -> None:
    shutil.copy(site.authority.file, site.directory / "clients.crt")
    config = site.config("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.crt\n")
    known = site.authority.issue("client", x509.DNSName("prometheus.test"))
    other_ca = Authority(site.directory, "other-ca")
    other = other_ca.issue("other", x509.DNSName("prometheus.test"))
    async with serve(config) as listeners:
        assert await fetch(listeners, site.client(known)) == 200
        shutil.copy(other_ca.file, site.directory / "clients.crt")
        with pytest.raises(REFUSED):
            await fetch(listeners, site.client(known))
        assert await fetch(listeners, site.client(other)) == 200


async def test_an_edit_neither_switches_tls_off_nor_lets_everybody_in(site: Site) -> None:
    config = site.config("basic_auth_users:\n  alice: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi\n")
    async with serve(config) as listeners:
        (site.directory / "web.yml").write_text("")
        assert await fetch(listeners, site.client()) == 401


async def test_an_edit_that_asks_for_tls_is_not_taken_for_plain_http_with_new_users(site: Site) -> None:
    file = site.directory / "plain.yml"
    file.write_text("")
    config = WebConfig(file)
    site.config("http_server_config:\n  headers:\n    X-Frame-Options: deny\n")
    shutil.copy(site.directory / "web.yml", file)
    assert config.tls is None
    assert config.headers == {}


@pytest.mark.parametrize(
    ("file", "content", "error"),
    [
        ("server.crt", None, "web.yml:2: tls_server_config.cert_file: cannot read "),
        ("server.key", None, "web.yml:3: tls_server_config.key_file: cannot read "),
        ("server.crt", "text", "web.yml:2: tls_server_config.cert_file: holds no PEM certificate"),
        ("server.key", "text", "web.yml:3: tls_server_config.key_file: holds no PEM private key"),
        ("clients.crt", "text", "web.yml:5: tls_server_config.client_ca_file: holds no PEM certificate"),
        (
            "server.crt",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "web.yml:2: tls_server_config.cert_file: cannot be used together with key_file",
        ),
    ],
)
def test_files_that_cannot_be_used_are_named_with_line_and_key(
    site: Site, file: str, content: str | None, error: str
) -> None:
    shutil.copy(site.authority.file, site.directory / "clients.crt")
    if content is None:
        (site.directory / file).unlink()
    else:
        (site.directory / file).write_text(content)
    with pytest.raises(YamlError) as caught:
        site.config("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.crt\n")
    assert len(caught.value.errors) == 1
    assert caught.value.errors[0].startswith(f"{site.directory}/{error}")


def test_a_key_of_another_certificate_and_an_encrypted_key_are_told(site: Site) -> None:
    key = site.directory / "server.key"
    mine = serialization.load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(
        mine.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )
    )
    with pytest.raises(YamlError, match=r"web\.yml:3: .*key_file: is encrypted: store it without a passphrase"):
        site.config()
    shutil.copy(site.authority.issue("other")[1], key)
    with pytest.raises(YamlError, match=r"web\.yml:3: .*key_file: is not the key of the certificate in cert_file"):
        site.config()
