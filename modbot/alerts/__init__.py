"""Alerts: what a person has to know now, kept, told in an order, and acknowledged in the room."""

from modbot.alerts.alerter import Alert, Alerter, Noted, log_alert
from modbot.alerts.book import IncidentBook, is_urgent
from modbot.alerts.decided import alerts_of, over_with

__all__ = [
    "Alert",
    "Alerter",
    "IncidentBook",
    "Noted",
    "alerts_of",
    "is_urgent",
    "log_alert",
    "over_with",
]
