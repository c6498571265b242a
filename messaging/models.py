"""Hands on what lies below, since Django looks here."""

from messaging.contacts.models import ChannelIdentity, Contact

__all__ = ["ChannelIdentity", "Contact"]
