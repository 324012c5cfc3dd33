"""Alerts of alerting/rules/alerts.yml that several of our programs treat in a way of their own."""

WATCHDOG = "XmppWatchdog"
"""Fires always, so that its silence is noticed: nothing to be told to people."""
