"""The pages of docs/ are true: those that are generated are not stale, names and links exist, examples are accepted."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from docs.generate import FOLDER, PAGES, checks_page, metrics_page
from docs.recorded import recorded
from docs.vocabulary import FAILURES, KINDS, LEAVES, NEEDS, QUERIES, REASONS, RECORDED_QUERIES, VERDICTS
from xmpp_alerts.bridge.families import BRIDGE_FAMILIES
from xmpp_badges.families import BADGES_FAMILIES
from xmpp_exporter import catalogue
from xmpp_exporter.catalogue import checks
from xmpp_exporter.families import FAMILIES
from xmpp_exporter.model import Failure, Reason, Verdict
from xmpp_exporter.serving.websettings import WebSettings

OPERATIONS = (FOLDER / "operations.md").read_text()
DOCUMENTS = sorted(FOLDER.rglob("*.md"))
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.+?)^```$", OPERATIONS, re.MULTILINE | re.DOTALL)]
EXTERNAL_LABELS = ("xmpp_pages", "xmpp_grafana")
NAMES = {family.name: family for family in (*FAMILIES, *BRIDGE_FAMILIES, *BADGES_FAMILIES)}


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_not_stale(name: str) -> None:
    assert (FOLDER / name).read_text() == PAGES[name](), "run `make docs`"


def test_no_page_of_help_is_left_that_nothing_writes() -> None:
    assert {str(page.relative_to(FOLDER)) for page in (FOLDER / "help").rglob("*.*")} <= set(PAGES)


def test_every_check_and_every_metric_has_its_place() -> None:
    headings = re.findall("^### (.+)$", checks_page(), re.MULTILINE)
    assert headings == list(checks())
    rows = re.findall(r"^\| `(xmpp_\w+)` \|", metrics_page(), re.MULTILINE)
    assert rows == [family.name for family in FAMILIES]


def test_every_check_says_what_it_is_for_and_how_it_is_decided() -> None:
    sections = re.split("^### .+$", checks_page(), flags=re.MULTILINE)[1:]
    for check, section in zip(checks().values(), sections, strict=True):
        assert f"**{check.title}**" in section
        assert check.link in section
        assert re.search(r"^\w.{20,}$", section, re.MULTILINE)
        assert re.search(r"^\*How it is decided:\* .{20,}$", section, re.MULTILINE)


def test_every_word_that_the_exporter_says_is_explained() -> None:
    assert set(VERDICTS) == set(Verdict)
    assert set(FAILURES) == set(Failure)
    assert sorted(reason for reasons in REASONS.values() for reason in reasons) == sorted(Reason)
    assert set(REASONS) == set(Verdict) - {Verdict.SUPPORTED}
    assert (set(KINDS), set(LEAVES), set(NEEDS)) == (
        set(catalogue.KINDS),
        set(catalogue.LEAVES),
        set(catalogue.NEEDS),
    )


def check_rules(directory: Path, rules: object) -> None:
    file = directory / "rules.yml"
    file.write_text(yaml.safe_dump(rules))
    result = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("queries", [QUERIES, RECORDED_QUERIES], ids=["metrics.md", "rules.md"])
def test_prometheus_accepts_the_queries(queries: dict[str, str], tmp_path: Path) -> None:
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries.values())]
    check_rules(tmp_path, {"groups": [{"name": "queries", "rules": rules}]})


def test_the_web_configuration_is_accepted() -> None:
    [settings] = [block for block in BLOCKS if "basic_auth_users" in block]
    assert WebSettings.model_validate(settings).users


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_metric_that_is_named_exists(document: Path) -> None:
    text = document.read_text()
    named = set(re.findall(r"(?<![\w:])xmpp_[a-z0-9_]+", text)) - {"xmpp_exporter", "xmpp_", *EXTERNAL_LABELS}
    assert named <= set(NAMES)
    assert set(re.findall(r"\w+:xmpp_\w+:\w+", text)) <= set(recorded())


@pytest.mark.parametrize(
    "query",
    [*QUERIES.values(), *RECORDED_QUERIES.values(), OPERATIONS],
    ids=[*QUERIES, *RECORDED_QUERIES, "operations.md"],
)
def test_metrics_are_selected_by_labels_that_they_have(query: str) -> None:
    for name, selector in re.findall(r"\b(xmpp_[a-z0-9_]+)\{([^}]*)\}", query):
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector)) <= set(NAMES[name].labels)


def anchors(document: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", document.read_text()):
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"
