"""docs/alerts.md and the example file are true: each key is there with its default, and what they show loads."""

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tests.unit.documented_keys import documented_default, keys, models_of, rows
from xmpp_alerts.config import Alerts, Delivery, Way, load_alerts
from xmpp_alerts.render.files import rendered
from xmpp_alerts.render.inhibition import RULES

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "alerts.md").read_text()
ROWS = rows(TEXT)


def actual_default(model: type[BaseModel], key: str) -> Any:
    name, _, rest = key.partition(".")
    field = next(field for own, field in model.model_fields.items() if name in (own, field.alias))
    if rest and isinstance(field.default, BaseModel) and "." not in rest:
        return getattr(field.default, rest)
    if rest:
        return actual_default(models_of(field.annotation)[0], rest)
    default = ... if field.is_required() else field.default
    return list(default) if isinstance(default, tuple) else default


def test_each_key_is_documented_and_no_other() -> None:
    assert sorted(ROWS) == sorted(keys(Alerts))


@pytest.mark.parametrize("key", [*keys(Alerts)])
def test_the_documented_default_is_the_real_one(key: str) -> None:
    assert documented_default(ROWS[key][3]) == actual_default(Alerts, key)


def test_the_shortest_way_to_mails_renders(tmp_path: Path) -> None:
    block = re.findall(r"^ +```yaml\n(.+?)^ +```$", TEXT, re.MULTILINE | re.DOTALL)[0]
    (tmp_path / "alerts.yml").write_text(textwrap.dedent(block))
    assert [file.name for file in rendered(load_alerts(tmp_path / "alerts.yml"))][-1] == "alertmanager.yml"


def test_the_example_renders_and_shows_every_way_and_delivery() -> None:
    alerts = load_alerts(DOCS / "alerts.example.yml")
    assert {subscriber.way for subscriber in alerts.subscribers} == set(Way)
    assert {subscriber.delivery for subscriber in alerts.subscribers} == set(Delivery)
    assert alerts.maintenance
    assert rendered(alerts)


def test_every_inhibition_is_told() -> None:
    table = re.search(r"^\| While this fires .+?\n\n", TEXT, re.MULTILINE | re.DOTALL)
    assert table
    assert table[0].count("\n| ") == len(RULES)
    named = set(re.findall(r"Xmpp\w+", " ".join(each for rule in RULES for each in (*rule.source, *rule.target))))
    assert {name for name in named if name != "Xmpp"} - {"XmppWatchdog"} == set(re.findall(r"Xmpp\w+", table[0]))
