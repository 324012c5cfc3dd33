"""The five dashboards: their panels as data."""

from dashboards.boards import check, exporter, federation, fleet, server

BOARDS = (fleet.FLEET, server.SERVER, check.CHECK, federation.FEDERATION, exporter.EXPORTER)
