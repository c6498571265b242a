from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """Conversations: everything that lives in a company's own schema."""

    name = "messaging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from messaging import steps, tasks  # noqa: F401  (add steps to the set-up guide, and who is asked for due work)
