"""Grafana's dashboards as data: small builders here, the panels in boards/, the written JSON beside them."""
