"""Who the prober is to other servers: a domain of ours, and the certificate that proves it (XEP-0178 §3)."""

import ssl
from typing import Self

from cryptography import x509
from pydantic import model_validator

from xmpp_exporter.certificate_names import names_of
from xmpp_exporter.config.values import Domain
from xmpp_exporter.serving import keypair
from xmpp_exporter.serving.section import Fault, NearbyPath, Section, refuse

_SERVICES = ("xmpp-server", "xmpps-server")


class Identity(Section):
    """Of streams to the ports for servers alone; without it they say nothing of who connects."""

    domain: Domain
    cert_file: NearbyPath
    """PEM; the certificates of intermediate authorities after it."""
    key_file: NearbyPath

    @model_validator(mode="after")
    def _can_be_presented(self) -> Self:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            keypair.load(context, self.cert_file, self.key_file)
        except keypair.KeyPairError as error:
            refuse(Fault(error.key, str(error)))
        # an expired one is none of the file's faults: an exporter must start all the same
        names = names_of(x509.load_pem_x509_certificates(self.cert_file.read_bytes())[0])
        if names.covering(self.domain, _SERVICES) is None:
            refuse(Fault("domain", f"is no name of the certificate in cert_file, which is for {names or 'nobody'}"))
        return self
