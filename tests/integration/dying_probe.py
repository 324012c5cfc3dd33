"""A probe in a process of its own that is killed (SIGKILL, by itself) when it is about to send something.

    python -m tests.integration.dying_probe CHECK PATTERN CONFIG JOURNAL CA_FILE DNS_ADDRESS DNS_PORT

CONFIG is a file with a ServerConfig in JSON, PATTERN a regular expression for what is about to be sent.
"""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

from xmpp_exporter.config import ServerConfig
from xmpp_exporter.journal import Journal
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.network import Network
from xmpp_exporter.wire.tls import TlsContexts
from xmpp_exporter.wire.trace import Trace


def main(check: str, pattern: str, config: str, journal: str, ca_file: str, address: str, port: str) -> None:
    def watch(line: str) -> None:
        if re.search(rf"^[\s\d.]+> .*{pattern}", line):
            os.kill(os.getpid(), signal.SIGKILL)

    network = Network(Resolver([address], int(port)), TlsContexts(Path(ca_file)))
    server = ServerConfig.model_validate_json(Path(config).read_text())
    probe = probe_compliance(Prober(network, Journal(Path(journal))), server, only={check}, trace=Trace(watch))
    asyncio.run(probe)


main(*sys.argv[1:])
