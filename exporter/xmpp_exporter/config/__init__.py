"""The exporter's configuration: one YAML file and `servers.d/` beside it, as immutable, validated objects.

`load_config` reads it and tells all that is wrong at once; a `ServerConfig` also stands alone, for the command line.
"""

from xmpp_exporter.config.account import Account, PromptedAccount
from xmpp_exporter.config.load import load_config
from xmpp_exporter.config.root import Config, Limits, Resolver, Tls
from xmpp_exporter.config.server import Intervals, Relation, ServerConfig, Timeouts
from xmpp_exporter.config.values import HostPort, format_duration, parse_domain, parse_duration, parse_jid
from xmpp_exporter.serving.secret import PasswordError

__all__ = [
    "Account",
    "Config",
    "HostPort",
    "Intervals",
    "Limits",
    "PasswordError",
    "PromptedAccount",
    "Relation",
    "Resolver",
    "ServerConfig",
    "Timeouts",
    "Tls",
    "format_duration",
    "load_config",
    "parse_domain",
    "parse_duration",
    "parse_jid",
]
