"""The YAML of `--web.config.file`: what exporter-toolkit defines, minus what Python's HTTP and TLS cannot honour.

Source: github.com/prometheus/exporter-toolkit, docs/web-configuration.md. What is missing here is refused by its name,
never ignored: a server that quietly does without a setting is less safe than its operator believes.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

CIPHERS = {
    f"TLS_ECDHE_{key}_WITH_{suite}": f"ECDHE-{key}-{openssl}"
    for key in ("ECDSA", "RSA")
    for suite, openssl in {
        "AES_128_GCM_SHA256": "AES128-GCM-SHA256",
        "AES_256_GCM_SHA384": "AES256-GCM-SHA384",
        "CHACHA20_POLY1305_SHA256": "CHACHA20-POLY1305",
        "AES_128_CBC_SHA": "AES128-SHA",
        "AES_256_CBC_SHA": "AES256-SHA",
    }.items()
}
"""Go's names of the TLS 1.2 suites that it holds secure (crypto/tls, CipherSuites), with OpenSSL's."""

_BCRYPT = re.compile(r"\$2[abxy]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
_UNSAFE_IN_HEADER = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


def _refused(why: str) -> BeforeValidator:
    def refuse(value: Any) -> Any:
        raise ValueError(why)

    return BeforeValidator(refuse)


def _unless(refused: dict[Any, str]) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, str | bool) and value in refused:
            raise ValueError(refused[value])
        return value

    return BeforeValidator(check)


def _cipher(name: str) -> str:
    if name in CIPHERS:
        return name
    if name in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"):
        raise ValueError(f"{name} belongs to TLS 1.3, whose suites are always all on: leave it out")
    raise ValueError(f"unknown or insecure cipher suite {name}; there are {', '.join(sorted(CIPHERS))}")


_OLD_TLS = {name: f"{name} is no longer offered: write TLS12 or TLS13" for name in ("TLS10", "TLS11")}
_UNVERIFIED = (
    "a client certificate is always verified here: write VerifyClientCertIfGiven or RequireAndVerifyClientCert"
)

TlsVersion = Annotated[Literal["TLS12", "TLS13"], _unless(_OLD_TLS)]
ClientAuth = Annotated[
    Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"],
    _unless(dict.fromkeys(("RequestClientCert", "RequireClientCert", "RequireAnyClientCert"), _UNVERIFIED)),
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TlsServerConfig(_Section):
    """`tls_server_config`: the certificate, which clients are let in, and which TLS is spoken."""

    cert: str = ""
    key: str = ""
    client_ca: str = ""
    cert_file: str = ""
    key_file: str = ""
    client_ca_file: str = ""
    client_auth_type: ClientAuth = "NoClientCert"
    client_allowed_sans: list[str] = []
    min_version: TlsVersion = "TLS12"
    max_version: TlsVersion = "TLS13"
    cipher_suites: list[Annotated[str, AfterValidator(_cipher)]] = []
    prefer_server_cipher_suites: bool = True
    curve_preferences: Annotated[Any, _refused("the curves cannot be chosen here: remove this key")] = None

    @model_validator(mode="after")
    def _fits_together(self) -> "TlsServerConfig":
        for key in ("cert", "key", "client_ca"):
            if getattr(self, key) and getattr(self, f"{key}_file"):
                raise ValueError(f"write {key} or {key}_file, not both")
        for key in ("cert", "key"):
            if not getattr(self, key) and not getattr(self, f"{key}_file"):
                raise ValueError(f"wants {key}_file (or {key})")
        if self.client_auth_type == "NoClientCert":
            for key in ("client_ca", "client_ca_file", "client_allowed_sans"):
                if getattr(self, key):
                    raise ValueError(f"{key} needs client_auth_type: RequireAndVerifyClientCert")
        if self.min_version > self.max_version:
            raise ValueError("min_version is above max_version")
        return self


def _header_value(value: str) -> str:
    if _UNSAFE_IN_HEADER.search(value):
        raise ValueError("holds a character that no header can carry")
    return value


HeaderValue = Annotated[str, AfterValidator(_header_value)] | None


class Headers(_Section):
    """The headers that can be set, and no others; one with an empty value is not sent."""

    strict_transport_security: HeaderValue = Field(None, alias="Strict-Transport-Security")
    content_type_options: Literal["nosniff", ""] | None = Field(None, alias="X-Content-Type-Options")
    frame_options: Literal["deny", "sameorigin", ""] | None = Field(None, alias="X-Frame-Options")
    xss_protection: HeaderValue = Field(None, alias="X-XSS-Protection")
    content_security_policy: HeaderValue = Field(None, alias="Content-Security-Policy")


class HttpServerConfig(_Section):
    """`http_server_config`: HTTP/1.1, and headers that every response carries."""

    http2: Annotated[Literal[False], _unless({True: "HTTP/2 is not spoken here: write false, or remove this key"})] = (
        False
    )
    headers: Headers | None = None


def _user_name(name: str) -> str:
    if ":" in name:
        raise ValueError("a user name cannot have a colon")
    return name


def _bcrypt_hash(text: str) -> str:
    if not _BCRYPT.fullmatch(text):
        raise ValueError("is no bcrypt hash: make one with htpasswd -nBC 10 USER")
    return text


Users = dict[Annotated[str, AfterValidator(_user_name)], Annotated[str, AfterValidator(_bcrypt_hash)]]


class WebSettings(_Section):
    """The whole file; an empty one is plain HTTP without passwords."""

    tls_server_config: TlsServerConfig | None = None
    http_server_config: HttpServerConfig | None = None
    basic_auth_users: Users | None = None
    rate_limit: Annotated[Any, _refused("requests cannot be limited here: remove this key, and use a proxy")] = None

    @property
    def users(self) -> dict[str, str]:
        """User names and the bcrypt hashes of their passwords."""
        return self.basic_auth_users or {}

    @property
    def headers(self) -> dict[str, str]:
        """The headers to add to every response."""
        headers = self.http_server_config.headers if self.http_server_config else None
        return {name: value for name, value in headers.model_dump(by_alias=True).items() if value} if headers else {}
