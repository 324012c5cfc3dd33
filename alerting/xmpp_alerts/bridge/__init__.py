"""`xmpp-alerts bridge`: takes Alertmanager's webhooks and tells people by XMPP."""
