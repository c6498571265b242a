"""Hands on what lies below, since Django looks here."""

from billing.plans.models import Plan

__all__ = ["Plan"]
