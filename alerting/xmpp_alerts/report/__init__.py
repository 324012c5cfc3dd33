"""`xmpp-alerts report`: what a period brought, told to each subscriber once; all of it asked of Prometheus."""
