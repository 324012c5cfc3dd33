"""Every server configuration that tests, the demonstration and the benchmarks can ask for, by its domain."""

from tests.servers.configurations import ejabberd, prosody
from tests.servers.configurations.record import Configuration, Process, Software

CONFIGURATIONS: dict[str, Configuration] = {
    configuration.domain: configuration for configuration in (*prosody.CONFIGURATIONS, *ejabberd.CONFIGURATIONS)
}

PROCESSES: dict[tuple[Software, str], Process] = {
    **{("prosody", name): process for name, process in prosody.PROCESSES.items()},
    **{("ejabberd", name): process for name, process in ejabberd.PROCESSES.items()},
}

__all__ = ["CONFIGURATIONS", "PROCESSES", "Configuration", "Process", "Software"]
