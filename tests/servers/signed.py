"""A DNS with signed zones behind a resolver that validates: Knot signs, Unbound checks."""

import shutil
import tempfile
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from tests.servers import knot, unbound
from tests.servers.knot import Knot
from tests.servers.loopback import LoopbackNetwork
from tests.servers.unbound import Unbound


class SignedDns:
    """Between `with` and its end: `zones` by origin, answered at `address`:`port`.

    Those in `signed` are; those in `bogus` are signed with another key than the one that the resolver trusts.
    """

    port = unbound.PORT

    def __init__(self, zones: Mapping[str, str], signed: Collection[str], bogus: Collection[str] = ()) -> None:
        self._zones = zones
        self._signed = signed
        self._bogus = bogus
        self._stack = ExitStack()

    def __enter__(self) -> "SignedDns":
        with ExitStack() as stack:
            self.address = stack.enter_context(LoopbackNetwork()).address(0)
            directory = Path(tempfile.mkdtemp(prefix="signed-dns-"))
            stack.callback(shutil.rmtree, directory, ignore_errors=True)
            directory.chmod(0o755)
            signer = Knot(directory / "knot", self.address, self._zones, [*self._signed, *self._bogus])
            stack.enter_context(signer)
            anchors = [signer.delegation(zone) for zone in self._signed]
            anchors += [_other_key(signer.delegation(zone)) for zone in self._bogus]
            upstream = (self.address, knot.PORT)
            stack.enter_context(Unbound(directory / "unbound", self.address, upstream, list(self._zones), anchors))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def _other_key(delegation: str) -> str:
    """The same record with the digest of a key that nobody has."""
    head, _, digest = delegation.rpartition(" ")
    return f"{head} {'0' * len(digest)}"
