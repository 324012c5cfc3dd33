"""Fixtures that run the real servers: nothing starts before a test asks for it, and all ends with the session.

They need root and Debian's packages. What is missing makes the tests that need it fail, with what to install: a run
that skipped them would look like success.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.fake_site import FakeSite
from tests.servers.certificates import CertificateAuthority
from tests.servers.dns import FakeDns
from tests.servers.laboratory import Laboratory, Server


@pytest.fixture(scope="session")
def laboratory() -> Iterator[Laboratory]:
    with Laboratory() as laboratory:
        yield laboratory


@pytest.fixture(scope="session")
def certificates(laboratory: Laboratory) -> CertificateAuthority:
    return laboratory.certificates


@pytest.fixture
def dns(laboratory: Laboratory) -> Iterator[FakeDns]:
    """The DNS of all domains; what a test changes in its answers holds for that test alone."""
    yield laboratory.dns
    laboratory.dns.restore()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[FakeSite]:
    """Fake servers need no laboratory: they run in the test's own event loop."""
    with FakeDns({}) as dns:
        yield FakeSite.create(tmp_path, dns)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="xmpp-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def server(laboratory: Laboratory) -> Callable[[str], Server]:
    """The server of a domain, such as `good.prosody.test`, started if it does not run yet."""
    return laboratory.server


@pytest.fixture(scope="session")
def prosody_servers(laboratory: Laboratory) -> dict[str, Server]:
    """Every domain on Prosody, by its configuration's name."""
    return _servers(laboratory, "prosody")


@pytest.fixture(scope="session")
def ejabberd_servers(laboratory: Laboratory) -> dict[str, Server]:
    """Every domain on ejabberd, by its configuration's name."""
    return _servers(laboratory, "ejabberd")


def _servers(laboratory: Laboratory, software: str) -> dict[str, Server]:
    domains = [domain for domain, each in laboratory.configurations.items() if each.software == software]
    return {server.configuration.name: server for server in laboratory.start(*domains)}
