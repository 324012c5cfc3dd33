"""badges.yml: where Prometheus is, and what the badges and pages show of it."""

from pathlib import Path
from typing import Self

from pydantic import model_validator

from xmpp_badges.api import ApiSettings
from xmpp_exporter.catalogue.suite import suites
from xmpp_exporter.config.values import Duration, WebUrl
from xmpp_exporter.serving.section import Section
from xmpp_exporter.serving.yamlfile import YamlError, load, validate


class Grafana(Section):
    """Where the project's dashboards are, for links."""

    url: WebUrl


class Badges(Section):
    """The whole file."""

    prometheus: ApiSettings
    exporter: ApiSettings | None = None
    """Tells which servers are the operator's own, and their contact addresses."""
    grafana: Grafana | None = None
    job: str | None = None
    """Only what was scraped under this job; for a Prometheus that several exporters' jobs fill."""
    title: str = "XMPP servers"
    suite: str = "cs2023"
    """Whose score stands for a server."""
    level: str | None = None
    """Of the suite; the highest without it."""
    versions: bool = False
    """Whether the pages show which version of its software a server runs."""
    cache: Duration = 30.0
    """How long an answer of Prometheus is good."""
    stale: Duration = 86_400.0
    """How old an answer may be that is shown, with its age, while Prometheus is away."""

    @model_validator(mode="after")
    def _suite_exists(self) -> Self:
        if self.suite not in suites():
            raise ValueError(f"suite: there is no {self.suite}; there are {', '.join(suites())}")
        if self.level is not None and self.level not in levels(self.suite):
            raise ValueError(f"level: {self.suite} has {', '.join(levels(self.suite))}")
        return self


def levels(suite: str) -> tuple[str, ...]:
    """The levels of a suite, from the lowest to the highest."""
    return tuple(level.id for level in suites()[suite].categories[0].levels)


def load_badges(path: Path) -> Badges:
    """The configuration at `path`; relative paths in it are relative to it. Raises YamlError."""
    document = load(path)
    config = validate(document, Badges, context={"directory": path.parent})
    errors = []
    for name, section in {"prometheus": config.prometheus, "exporter": config.exporter}.items():
        if section is None or section.ca_file is None:
            continue
        try:
            section.tls()
        except OSError as error:
            errors.append(document.error((name, "ca_file"), f"{section.ca_file}: {error.strerror or error}"))
    if errors:
        raise YamlError(errors)
    return config
