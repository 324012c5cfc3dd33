"""The demonstration: real servers, the exporter, Prometheus and alerts on loopback addresses, while somebody looks."""
