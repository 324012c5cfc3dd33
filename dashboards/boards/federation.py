"""Which servers reach each other: pings from the probe's account on one to the other."""

from dashboards import annotations, texts, variables
from dashboards.dashboard import Dashboard
from dashboards.grid import Row
from dashboards.links import to
from dashboards.panels import stat, state_timeline, timeseries
from dashboards.promql import DOMAINS, changed, last, recorded, rows, spread
from dashboards.tables import Column, matrix, table

MOST = 30
"""Rows and columns of a matrix."""

PEERS = 'peer=~"$peer"'
REACHED = recorded("domain:xmpp_s2s_reachable:last", "domain, peer", PEERS)
PING = last("xmpp_s2s_ping_duration_seconds", "domain, peer", PEERS)
CHANGED = changed("domain:xmpp_s2s_reachable:last", "domain, peer", PEERS)

PEER = variables.values(
    "peer",
    "Peer",
    'label_values(xmpp_s2s_reachable{job=~"$job", domain=~"$domain"}, peer)',
    "The servers that are pinged",
    many=True,
)
TO_SERVER = to("server", "Show ${__data.fields.domain}", domain="domain")
PAIR = (
    Column("domain", "Server", links=(TO_SERVER,)),
    Column("peer", "Peer", links=(to("server", "Show ${__data.fields.peer}", domain="peer"),)),
)


def at_most(expression: str) -> str:
    """The part of the matrix that is shown: the servers and peers with most pairs."""
    return (
        f"{expression} and on(domain) topk({MOST}, count by(domain) ({expression}))"
        f" and on(peer) topk({MOST}, count by(peer) ({expression}))"
    )


NOW = (
    stat(
        "Pairs",
        "Pairs of a chosen server and a chosen peer of which it is known whether the one reaches the other.",
        f"count({REACHED})",
        width=6,
        none="None known",
    ),
    stat("Reached", "Pairs of which the server reached the peer at the latest ping.", f"sum({REACHED})", width=6),
    stat(
        "Not reached",
        "Pairs of which the server did not reach the peer, though both are up. When red: see which row or column of the"
        " matrix is red. A row is the fault of that server, a column that of the peer.",
        f"sum({REACHED} == bool 0)",
        width=6,
        steps=texts.BAD_IF_ANY,
    ),
    stat(
        "Slowest ping",
        "The longest round trip of the latest pings, setting up the connection between the servers included.",
        f"max({PING})",
        unit="s",
        width=6,
    ),
    matrix(
        "Who reaches whom",
        f"At the latest ping from each server (row) to each peer (column), at most {MOST} of each: choose them above."
        " Empty where nothing is known, such as when either is down.",
        at_most(REACHED),
        "domain",
        "peer",
        texts=texts.REACHED,
        none="-",
    ),
    matrix(
        "How long a ping takes",
        f"Round trip of the latest ping from each server (row) to each peer (column), at most {MOST} of each, setting"
        " up their connection included. Red is more than 5 seconds.",
        at_most(PING),
        "domain",
        "peer",
        unit="s",
        steps=((None, texts.GREEN), (1, texts.ORANGE), (5, texts.RED)),
        none="-",
    ),
)

OVER_TIME = (
    timeseries(
        "Pairs over time",
        "Chosen pairs of which the server reached the peer, and of which it did not.",
        {"Reached": f"sum({REACHED})", "Not reached": f"sum({REACHED} == bool 0)"},
        stacked=True,
        min=0,
    ),
    timeseries(
        "Ping over time",
        "Round trip of the pings over all chosen pairs: the middle one, the one that nine of ten are faster than, and"
        " the slowest.",
        spread(PING),
        unit="s",
        min=0,
    ),
    state_timeline(
        "Pairs that changed",
        "Pairs that began or ceased to reach each other in the shown time, at most 50. A gap: nothing was known, such"
        " as while either was down.",
        {"{{domain}} to {{peer}}": CHANGED},
        texts.REACHED,
        none="None changed in this time",
        links=(to("server", "Show the server", domain="__field.labels.domain"),),
        height=10,
    ),
)

PAIRS = (
    table(
        "Pairs that do not reach each other",
        "Servers that did not reach a peer at the latest ping, though both are up; at most 500 pairs. Look at name"
        " servers, firewalls for port 5269, certificates, and lists of blocked domains on both sides.",
        rows(f"{REACHED} == 0"),
        (*PAIR, Column("#", "State", texts=texts.REACHED, width=120)),
        none="All reach each other, or nothing is known",
        width=12,
        sort="Server",
    ),
    table(
        "Slowest pairs",
        "The 50 pairs whose latest ping took longest, setting up their connection included.",
        f"topk(50, {PING})",
        (*PAIR, Column("#", "Ping", unit="s", decimals=2, width=120)),
        width=12,
        sort="Ping",
        descending=True,
    ),
)

FEDERATION = Dashboard(
    "federation",
    "Which XMPP servers reach each other, and how fast.",
    (variables.DATA_SOURCE, variables.job(), variables.domain(many=True), PEER),
    (annotations.software_changes(), annotations.alerts(DOMAINS)),
    (Row("Now", NOW), Row("Over time", OVER_TIME), Row("Pairs", PAIRS)),
    since="now-7d",
)
