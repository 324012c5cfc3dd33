"""Alertmanager's configuration and the templates of its mails, made of alerts.yml.

Only what Alertmanager 0.25 reads, which is Debian 12's.
"""
