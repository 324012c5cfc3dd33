"""A week of made-up history in a real Prometheus, and the reports about it."""
