"""docs/badges.md, the example and the service unit say what the badges are and do."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from tests.unit.documented_keys import documented_default, keys, models_of, rows
from xmpp_badges import colours
from xmpp_badges.config import Badges, load_badges
from xmpp_badges.current import Current
from xmpp_badges.families import BADGES_FAMILIES
from xmpp_badges.lists import COLUMNS
from xmpp_badges.queries import WINDOWS
from xmpp_badges.self_metrics import SelfMetrics
from xmpp_badges.server_page import snippets
from xmpp_badges.site import Site
from xmpp_badges.source import Source
from xmpp_badges.svg import STYLES
from xmpp_badges.web import application
from xmpp_exporter.catalogue.suite import suites
from xmpp_exporter.serving.yamlfile import YamlError

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "badges.md").read_text()
ROWS = rows(TEXT)
KEYS = [*keys(Badges, without=["exporter"])]


def actual_default(model: type[BaseModel], key: str) -> Any:
    name, _, rest = key.partition(".")
    field = next(field for own, field in model.model_fields.items() if name in (own, field.alias))
    if rest:
        return actual_default(models_of(field.annotation)[0], rest)
    return ... if field.is_required() else field.default


def test_each_key_is_documented_and_no_other() -> None:
    assert sorted(ROWS) == sorted(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_the_documented_default_is_the_real_one(key: str) -> None:
    assert documented_default(ROWS[key][3]) == actual_default(Badges, key)


def test_the_examples_load(tmp_path: Path) -> None:
    assert load_badges(ROOT / "docs" / "badges.example.yml").grafana is not None
    [block] = re.findall(r"^ +```yaml\n(.+?)^ +```$", TEXT, re.MULTILINE | re.DOTALL)
    assert Badges.model_validate(yaml.safe_load(block)).exporter is not None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("title: x", "prometheus: is required"),
        ("prometheus: {url: ftp://x}", "prometheus.url: must be a URL"),
        ("prometheus: {url: http://x}\nsuite: cs1999", "suite: there is no cs1999"),
        ("prometheus: {url: http://x}\nlevel: highest", "level: cs2023 has core, advanced"),
        ("prometheus: {url: http://x}\ncach: 1s", "cach: unknown key; did you mean cache?"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, error: str) -> None:
    (tmp_path / "badges.yml").write_text(text)
    with pytest.raises(YamlError, match=re.escape(error)):
        load_badges(tmp_path / "badges.yml")


@pytest.mark.parametrize("section", ["prometheus", "exporter"])
def test_authorities_that_cannot_be_read_are_told_with_their_place(tmp_path: Path, section: str) -> None:
    (tmp_path / "empty.pem").touch()
    sections = {"prometheus": {"url": "https://x"}, "exporter": {"url": "https://x"}}
    for file, error in {"none.pem": "No such file", "empty.pem": "no certificate or crl found"}.items():
        written = sections | {section: {"url": "https://x", "ca_file": file}}
        (tmp_path / "badges.yml").write_text(yaml.safe_dump(written))
        with pytest.raises(YamlError, match=rf"{section}\.ca_file: .*{file}: .*{error}"):
            load_badges(tmp_path / "badges.yml")


def test_every_metric_is_documented_and_exposed() -> None:
    names = {family.name for family in BADGES_FAMILIES}
    assert set(re.findall(r"xmpp_badges_\w+", TEXT)) == names
    page = SelfMetrics().render().decode()
    assert set(re.findall(r"^# TYPE (xmpp_badges_\w+)", page, re.MULTILINE)) == names


def test_every_choice_is_documented() -> None:
    for choice in (*STYLES, *WINDOWS, *colours.NAMED, *COLUMNS, *suites()):
        assert f"`{choice}`" in TEXT
    categories = re.findall(r"`([a-z]+)`", TEXT.partition("/CATEGORY.svg` |")[2].partition("\n")[0])
    assert categories == [category.id for category in suites()["cs2023"].categories]


def test_every_address_is_documented() -> None:
    source = Source(Badges.model_validate({"prometheus": {"url": "http://localhost:9090"}}))
    routes = {route.canonical for route in application(Current(source), SelfMetrics(), Site()).router.resources()}
    written = " ".join(re.findall(r"`(/[^`]*)`", TEXT))
    for route in routes - {"/static/{name}", "/tests/", "/api/compliant_servers"}:
        pattern = re.escape(route.removesuffix(".{format}").replace("{kind}", "{category}"))
        pattern = re.sub(r"\\\{(\w+)\\\}", lambda match: match[1].upper(), pattern)
        assert re.search(pattern, written), route


def test_the_snippet_is_the_one_that_pages_offer() -> None:
    (snippet,) = re.findall(r"```markdown\n(.+)\n```", TEXT)
    assert snippet == snippets("https://xmpp.example.org", "example.org")["Markdown"]


def test_the_unit_is_as_hardened_as_the_exporters() -> None:
    own = ("ExecStart", "ExecReload", "TimeoutStopSec", "StateDirectory", "LoadCredential", "Description")
    settings = {
        name: {
            line
            for line in (ROOT / "deploy" / "systemd" / f"{name}.service").read_text().splitlines()
            if "=" in line and not line.startswith(("#", *own))
        }
        for name in ("xmpp-exporter", "xmpp-badges")
    }
    assert settings["xmpp-exporter"] == settings["xmpp-badges"]
