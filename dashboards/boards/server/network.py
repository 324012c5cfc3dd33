"""The server's dashboard: availability, latency, endpoints, certificates, login mechanisms and federation."""

from dashboards import texts
from dashboards.boards import choices
from dashboards.grid import Row
from dashboards.links import to
from dashboards.panels import Panel, state_timeline, timeseries, titled
from dashboards.promql import LOOKBACK, WINDOW, by, last, recorded, risen, select, told
from dashboards.tables import Column, table

TO_PEER = to("server", "Show ${__data.fields.peer}", f"{choices.SCORED} pages", domain="peer")

ENDPOINT = "service, host, port, family"
ADDRESSES = last("xmpp_endpoint_addresses", ENDPOINT)
ADDRESSES_UP = last("xmpp_endpoint_addresses_up", ENDPOINT)
CONNECT = last("xmpp_endpoint_connect_duration_seconds", ENDPOINT)
EXPIRY = by(
    "service, host, port",
    f"last_over_time({select('xmpp_tls_certificate_not_after_timestamp_seconds')}[{LOOKBACK}])",
    "min",
)
CONNECTION = told("xmpp_tls_connection_info", "service, host, port", "version, cipher")
REACHED = recorded("domain:xmpp_s2s_reachable:last", "peer")
PING = last("xmpp_s2s_ping_duration_seconds", "peer")


def phases(probe: str, title: str, description: str) -> Panel:
    return timeseries(
        title,
        description,
        {"{{phase}}": last("xmpp_probe_phase_duration_seconds", "phase", f'probe="{probe}"')},
        unit="s",
        stacked=True,
        series=titled(texts.PHASES),
        min=0,
    )


AVAILABILITY = Row(
    "Availability and latency",
    (
        state_timeline(
            "Up and down",
            "Whether the last probe of each kind succeeded. A gap: the prober itself was at fault, or did not run.",
            {"{{probe}}": by("probe", select("domain:xmpp_probe_success:last"), "min")},
            texts.UP,
            width=12,
            height=7,
        ),
        timeseries(
            "Availability over time",
            "Share of the availability probes that succeeded, within the hour and within the 24 hours before each"
            " moment.",
            {
                "1 hour": f"min({select('domain:xmpp_availability:ratio1h')})",
                "24 hours": f"min({select('domain:xmpp_availability:ratio24h')})",
            },
            unit="percentunit",
            height=7,
            min=0,
            max=1,
        ),
        timeseries(
            "Failed probes by reason",
            f"Probes that failed {WINDOW}, by kind and reason. internal, prober_limit and prober_network are the"
            " prober's own faults.",
            {"{{probe}}: {{reason}}": f"{risen('xmpp_probe_failures_total', 'probe, reason')} > 0"},
            none="None failed in this time",
            stacked=True,
            min=0,
        ),
        timeseries(
            "Duration of probes",
            "How long a probe of each kind took from its beginning to its end.",
            {"{{probe}}": last("xmpp_probe_duration_seconds", "probe")},
            unit="s",
            min=0,
        ),
        phases(
            "availability",
            "Latency by phase",
            "How long each phase of the last availability probe took. DNS that grows points to name servers, TCP to the"
            " network, TLS and login to a busy server.",
        ),
        phases(
            "compliance",
            "Latency by phase of compliance probes",
            "How long each phase of the last compliance probe took. Most of it are the checks.",
        ),
        timeseries(
            "Ping after login",
            "Round trip of a ping from the probe's account to its server.",
            {"Ping": f"max({last('xmpp_ping_duration_seconds', 'domain')})"},
            unit="s",
            none="No account, or not known",
            min=0,
        ),
        timeseries(
            "TCP connections by endpoint",
            "How long TCP took to connect to each endpoint, to the slowest of its addresses that answered.",
            {"{{host}}:{{port}} {{family}}": CONNECT},
            unit="s",
            min=0,
        ),
    ),
)

ENDPOINTS = Row(
    "Endpoints and certificates",
    (
        table(
            "Endpoints and addresses",
            "Every host that the server's SRV records name for clients, with the number of its addresses, and of those"
            " that set up TLS and sent their features. Fewer up than there are: clients lose time, or do not get in.",
            {
                "Addresses": ADDRESSES,
                "Up": ADDRESSES_UP,
                "Down": f"{ADDRESSES} - {ADDRESSES_UP}",
                "Connect": CONNECT,
            },
            (
                Column("service", "Service", width=120),
                Column("host", "Host"),
                Column("port", "Port", width=80),
                Column("family", "Family", width=80),
                Column("#Addresses", "Addresses", width=100),
                Column("#Up", "Up", width=70),
                Column("#Down", "Down", steps=texts.BAD_IF_ANY, width=80),
                Column("#Connect", "TCP", unit="s", decimals=3, width=90),
            ),
            none="None known",
            width=14,
            sort="Host",
        ),
        timeseries(
            "Addresses that are up",
            "Addresses over all endpoints, and those of them that set up TLS and sent their features.",
            {"Addresses": f"sum({ADDRESSES})", "Up": f"sum({ADDRESSES_UP})"},
            width=10,
            min=0,
        ),
        table(
            "Certificates and TLS",
            "When the first certificate of each endpoint's chain ends, the earliest over its addresses, and what was"
            " negotiated. When red: renew it, and have the server load it.",
            {"Days": f"({EXPIRY} - time()) / 86400", "Until": f"1000 * {EXPIRY}", "Tls": CONNECTION},
            (
                Column("service", "Service", width=120),
                Column("host", "Host"),
                Column("port", "Port", width=80),
                Column("#Days", "Days left", decimals=0, unit="d", steps=texts.DAYS_LEFT, width=110),
                Column("#Until", "Ends", unit="dateTimeAsIso", width=170),
                Column("version", "TLS", width=90),
                Column("cipher", "Cipher"),
            ),
            none="None known",
            width=14,
            sort="Days left",
        ),
        timeseries(
            "Days to the end of the certificate",
            "Days until the first certificate ends. A line that never jumps up: nobody renews it.",
            {"Days": f"min({select('domain:xmpp_tls_certificate_expiry:days')})"},
            unit="d",
            width=10,
        ),
    ),
)

LOGIN = Row(
    "Login mechanisms",
    (
        state_timeline(
            "SASL mechanisms",
            "How clients can log in, as offered after TLS. A gap: it was not offered, or nothing was known.",
            {"{{mechanism}}": last("xmpp_sasl_mechanism_offered", "mechanism")},
            texts.OFFERED,
            none="None known",
            height=7,
        ),
    ),
)

FEDERATION = Row(
    "Federation",
    (
        table(
            "Servers that it reaches",
            "Other servers that this one was asked to reach, and whether it did at the latest ping. Nothing is said"
            " while either is down.",
            {"Reached": REACHED, "Ping": PING},
            (
                Column("peer", "Peer", links=(TO_PEER,)),
                Column("#Reached", "State", texts=texts.REACHED, width=130),
                Column("#Ping", "Ping", unit="s", decimals=2, width=100),
            ),
            none="None known",
            width=12,
            sort="State",
        ),
        timeseries(
            "Servers that it reaches over time",
            "How many of its peers it reached, and how many it did not.",
            {"Reached": f"sum({REACHED})", "Not reached": f"sum({REACHED} == bool 0)"},
            stacked=True,
            min=0,
        ),
    ),
)
