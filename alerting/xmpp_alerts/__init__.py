"""What happens to Prometheus's alerts: who gets them, by mail or by XMPP, and the weekly report."""
