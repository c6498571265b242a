from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Money: plans, rates, usage and invoices of all companies."""

    name = "billing"
    default_auto_field = "django.db.models.BigAutoField"
