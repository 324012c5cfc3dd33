"""Variables that several dashboards have: suite, level, category, and where the result pages are."""

from dashboards import promql, texts, variables
from xmpp_exporter.catalogue.suite import suites

SUITE = variables.choice(
    "suite", "Suite", {suite.id: suite.title for suite in suites().values()}, "Which compliance suite counts", "cs2023"
)
LEVEL = variables.values(
    "level",
    "Level",
    'label_values(xmpp_suite_distinct_requirements{job=~"$job", suite="$suite"}, level)',
    "Level of the suite; a higher one includes those below",
    many=False,
)
CATEGORY = variables.values(
    "category",
    "Category",
    'label_values(xmpp_suite_requirements{job=~"$job", suite="$suite"}, category)',
    "Categories of the suite",
    many=True,
)
PAGES = variables.textbox(
    "pages", "Result pages", "http://localhost:15223", "Where xmpp-badges serves result pages, badges and help"
)
BY_OUTCOME = {
    title: f"max({promql.select('domain:xmpp_suite_distinct_requirements:last', promql.SUITE, matcher)})"
    for title, matcher in ((title, f'outcome="{outcome}"') for outcome, title in texts.OUTCOMES.items())
}
"""The requirements of the suite on one server."""

SCORED = "suite level category"
"""What links between dashboards with scores keep."""

OF_CHECK = "suite category pages"
"""What links to and from the dashboard of a check keep, besides domains."""
