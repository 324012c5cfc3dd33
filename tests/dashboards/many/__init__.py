"""500 servers for a month in a real Prometheus: what holds with a few need not hold with many."""
