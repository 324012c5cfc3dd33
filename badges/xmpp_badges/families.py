"""The metrics that the service exposes, with their help and labels; rules and pages are tested against it."""

from xmpp_exporter.families import Family

BADGES_FAMILIES: tuple[Family, ...] = (
    Family("xmpp_badges_build_info", "gauge", "The version; always 1.", ("version",)),
    Family(
        "xmpp_badges_config_last_reload_successful", "gauge", "Whether the last reload of badges.yml succeeded.", ()
    ),
    Family(
        "xmpp_badges_config_last_reload_success_timestamp_seconds",
        "gauge",
        "When badges.yml was last loaded successfully.",
        (),
    ),
    Family("xmpp_badges_requests_total", "counter", "Requests by route and HTTP status.", ("route", "code")),
    Family("xmpp_badges_request_duration_seconds", "histogram", "How long requests took.", ("route",)),
    Family(
        "xmpp_badges_answers_total",
        "counter",
        "What Prometheus was needed for: fresh (just asked, or remembered), stale (older than it should be, while"
        " Prometheus is away) or none.",
        ("became",),
    ),
)
