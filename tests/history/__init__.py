"""Days of made-up history: what happened is data (script.yml), and the exporter's own code renders it."""
