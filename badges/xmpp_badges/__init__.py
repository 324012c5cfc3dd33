"""Badges and result pages of XMPP servers, from what Prometheus knows."""
