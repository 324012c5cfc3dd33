"""Badges and pages as a user would run them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.demo.service import Service, installed


class BadgesServer(Service):
    """`xmpp-badges serve` on `address`:`port`, with the given badges.yml."""

    name = "xmpp-badges"
    executable = installed("xmpp-badges")
    file_name = "badges.yml"

    def __init__(
        self, directory: Path, settings: Mapping[str, object], address: str, port: int, options: Sequence[str] = ()
    ) -> None:
        super().__init__(directory, json.dumps(settings), address, port, options)  # JSON is YAML
