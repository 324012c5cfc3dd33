"""Probes XMPP servers and tells Prometheus which extensions really work there."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """`__version__`, on demand: asking for it takes longer than all that a command loads before it hears Ctrl-C."""
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import version

        return version("xmpp-compliance-exporter")
