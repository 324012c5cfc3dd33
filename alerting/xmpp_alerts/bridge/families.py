"""The metrics that the bridge exposes, with their help and labels; rules and dashboards are tested against it."""

from xmpp_exporter.families import Family

PREFIX = "xmpp_alerts_bridge"


def _family(name: str, kind: str, help_: str, *labels: str) -> Family:
    return Family(f"{PREFIX}_{name}", kind, help_, labels)


BRIDGE_FAMILIES: tuple[Family, ...] = (
    _family("build_info", "gauge", "The version; always 1.", "version"),
    _family("connected", "gauge", "Whether the account is logged in."),
    _family(
        "connection_failures_total",
        "counter",
        "Logins that failed or were put off, and connections that broke.",
        "reason",
    ),
    _family("account_monitored", "gauge", "Whether the account is on a server that Prometheus says is monitored."),
    _family("rooms", "gauge", "Group chats that the bridge should be in."),
    _family("rooms_joined", "gauge", "Group chats that it is in."),
    _family("messages_sent_total", "counter", "Messages that the server, or the room, has confirmed."),
    _family(
        "messages_failed_total", "counter", "Attempts that were not confirmed; Alertmanager repeats them.", "reason"
    ),
    _family("last_success_timestamp_seconds", "gauge", "When the last message was confirmed; absent before the first."),
    _family("webhook_requests_total", "counter", "Requests to the webhook by the status of the answer.", "code"),
    _family("config_last_reload_successful", "gauge", "Whether the configuration could be loaded the last time."),
    _family(
        "config_last_reload_success_timestamp_seconds", "gauge", "When the configuration was loaded the last time."
    ),
)
