"""docs/configuration.md and the example file are true: each key is there with its default, each block loads."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tests.servers.certificates import CertificateAuthority
from tests.unit.documented_keys import blocks, documented_default, keys, models_of, rows
from xmpp_exporter.catalogue import checks
from xmpp_exporter.config import Config, ServerConfig, load_config
from xmpp_exporter.serving.yamlfile import YamlError

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "configuration.md").read_text()
ROWS = rows(TEXT)
CONFIG_KEYS = list(keys(Config, without=["servers"]))


def actual_default(model: BaseModel, key: str) -> Any:
    value: Any = model
    for part in key.split("."):
        value = getattr(value, part)
    return list(value) if isinstance(value, tuple) else value


def test_each_key_is_documented_and_no_other() -> None:
    assert sorted(ROWS) == sorted([*CONFIG_KEYS, *keys(ServerConfig), "defaults"])


@pytest.mark.parametrize("key", [key for key in CONFIG_KEYS if key != "servers" and "s2s." not in key])
def test_the_documented_default_of_the_prober_is_the_real_one(key: str) -> None:
    assert documented_default(ROWS[key][3], 0) == actual_default(Config(), key)


@pytest.mark.parametrize("relation", ["own", "permitted", "foreign"])
@pytest.mark.parametrize("key", [key for key in keys(ServerConfig) if "account." not in key])
def test_the_documented_default_of_a_server_is_the_real_one(key: str, relation: str) -> None:
    server = ServerConfig.model_validate({"domain": "example.org", "relation": relation})
    expected = {"domain": ..., "relation": "foreign"}.get(key) or actual_default(server, key)
    assert documented_default(ROWS[key][3], 1 if relation == "foreign" else 0) == expected


@pytest.mark.parametrize(
    ("model", "key"),
    [
        *((ServerConfig, key) for key in keys(ServerConfig) if "account." in key),
        *((Config, key) for key in keys(Config) if "s2s." in key),
    ],
)
def test_the_documented_default_in_a_section_that_may_be_left_out_is_the_real_one(
    model: type[BaseModel], key: str
) -> None:
    which, _, name = key.partition(".")
    field = models_of(model.model_fields[which].annotation)[0].model_fields[name]
    assert documented_default(ROWS[key][3], 0) == (... if field.is_required() else field.default)


@pytest.mark.parametrize("block", blocks(TEXT))
def test_each_block_of_the_document_loads(block: str, tmp_path: Path) -> None:
    CertificateAuthority(tmp_path).issue("monitor.example.org")  # beside ca.pem: files that blocks name
    separate = re.match(r"# (servers\.d/\S+)\n", block)
    file = tmp_path / (separate[1] if separate else "exporter.yml")
    (tmp_path / "servers.d").mkdir()
    (tmp_path / "exporter.yml").touch()
    file.write_text(block)
    assert load_config(tmp_path / "exporter.yml", checks()) != Config()


def test_the_example_loads_and_shows_all_three_relations() -> None:
    config = load_config(DOCS / "exporter.example.yml", checks())
    assert {server.relation for server in config.servers} == {"own", "permitted", "foreign"}


def test_the_sections_that_the_example_leaves_out_load_when_they_are_let_in(tmp_path: Path) -> None:
    CertificateAuthority(tmp_path).issue("monitor.example.org")
    text = (DOCS / "exporter.example.yml").read_text()
    (tmp_path / "exporter.yml").write_text(re.sub(r"^# (resolver:|tls:|s2s:|  )", r"\1", text, flags=re.MULTILINE))
    config = load_config(tmp_path / "exporter.yml", checks())
    assert config.resolver.nameservers == ("127.0.0.1", "::1")
    assert config.tls.ca_file == tmp_path / "ca.pem"
    assert config.s2s is not None and config.s2s.domain == "monitor.example.org"


def test_the_errors_that_the_document_shows_are_real(tmp_path: Path) -> None:
    shown = re.search(r"^```text\n(.+?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert shown
    (tmp_path / "servers.d").mkdir()
    (tmp_path / "servers.d" / "club.yml").write_text("domain: club.example\n")
    lines = [""] * 15
    lines[5:7] = ["defaults:", "  timeouts: {conect: 5s}"]
    lines[9:12] = ["servers:", "  - domain: example.org", "    expect: [xep313]"]
    lines[14] = "  - domain: club.example"
    (tmp_path / "exporter.yml").write_text("\n".join(lines))
    with pytest.raises(YamlError) as raised:
        load_config(tmp_path / "exporter.yml", checks())
    assert str(raised.value).replace(f"{tmp_path}/", "") == shown[1].strip()
