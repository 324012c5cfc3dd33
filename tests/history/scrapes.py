"""What Prometheus itself adds to the history: how scrapes went, its own page, and alerts."""

import re

from tests.history.script import script

OWN = re.compile(rb"(?m)^prometheus_(?:build_info|config_|notifications_|rule_|tsdb_head_series).*\n|^process_.*\n")
"""The part of Prometheus's own page that a dashboard may ask for."""


def of_target(samples: int, up: bool) -> bytes:
    """The series about the scrape of a page with that many samples."""
    values = {
        "up": int(up),
        "scrape_duration_seconds": 0.01 + samples * 1e-6,
        "scrape_samples_scraped": samples,
        "scrape_samples_post_metric_relabeling": samples,
        "scrape_series_added": 0,
    }
    return "".join(f"{name} {value}\n" for name, value in values.items()).encode()


def own_page(page: bytes) -> bytes:
    """Prometheus's own page, of which a real one is given."""
    return b"".join(OWN.findall(page))


def alerts(moment: float) -> bytes:
    """The alerts of the script that fire at that moment."""
    firing = [each for each in script().alerts if each.span.has(moment)]  # an empty label is none
    return "".join(
        f'ALERTS{{alertname="{each.alertname}",alertstate="firing",check="{each.check}",domain="{each.domain}",job="xmpp",'
        f'severity="{each.severity}"}} 1\n'
        for each in firing
    ).encode()
