"""What the exporter costs, measured: a page at 10,000 servers, a probe at 50 ms, probes per second, memory."""
