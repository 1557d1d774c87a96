"""Notices outside of the console: alerts, e-mail, webhooks."""
