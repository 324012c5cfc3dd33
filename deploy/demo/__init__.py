"""The demonstration: real servers, the exporter and Prometheus on loopback addresses, for as long as somebody looks."""
