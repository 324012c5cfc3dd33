"""Which domains the servers of a configuration ping."""

from pathlib import Path
from textwrap import dedent

import pytest

from xmpp_exporter.config import Config, load_config
from xmpp_exporter.serving.yamlfile import YamlError

SERVERS = """
servers:
  - {domain: one.example, relation: own, account: {jid: probe@one.example, password_file: pw}}
  - {domain: two.example, relation: own, account: {jid: probe@two.example, password_file: pw}}
  - {domain: three.example}
"""


def loaded(tmp_path: Path, federation: str) -> Config:
    (tmp_path / "exporter.yml").write_text(dedent(federation) + SERVERS)
    return load_config(tmp_path / "exporter.yml", ())


def test_nobody_is_pinged_by_default(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").peers == {"one.example": (), "two.example": ()}


def test_servers_with_an_account_ping_all_others(tmp_path: Path) -> None:
    assert loaded(tmp_path, "federation: {peers: configured}").peers == {
        "one.example": ("two.example", "three.example"),
        "two.example": ("one.example", "three.example"),
    }


def test_servers_with_an_account_ping_the_list_but_not_themselves(tmp_path: Path) -> None:
    peers = loaded(tmp_path, "federation: {peers: [Elsewhere.example, one.example, elsewhere.example]}").peers
    assert peers == {"one.example": ("elsewhere.example",), "two.example": ("elsewhere.example", "one.example")}


@pytest.mark.parametrize("peers", ["configured", "[elsewhere.example]"])
def test_what_was_loaded_is_the_same_when_loaded_again(tmp_path: Path, peers: str) -> None:
    config = loaded(tmp_path, f"federation: {{peers: {peers}}}")
    (tmp_path / "again.yml").write_text(config.render())
    assert load_config(tmp_path / "again.yml", ()) == config


@pytest.mark.parametrize(
    ("federation", "complaint"),
    [
        ("{peers: everybody}", "federation.peers: should be 'configured'"),
        ("{peers: [one.example, 'a b']}", "federation.peers[1]: is no domain name"),
        ("{peers: 5}", "federation.peers: wants a list"),
        ("{max_pairs: 0}", "federation.max_pairs: should be greater than or equal to 1"),
        (
            "{peers: configured, max_pairs: 3}",
            "exporter.yml:1: federation.peers: these are 4 pairs of a server with an account and a peer, "
            "more than max_pairs, which is 3",
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, federation: str, complaint: str) -> None:
    with pytest.raises(YamlError) as raised:
        loaded(tmp_path, f"federation: {federation}")
    assert complaint in str(raised.value)
