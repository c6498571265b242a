from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Money: plans, rates, usage and invoices of all companies."""

    name = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from billing import tasks  # noqa: F401  (who is asked for due work, and who reads what mails attach)
