from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """Conversations: everything that lives in a company's own schema."""

    name = "messaging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from messaging import steps  # noqa: F401  (adds its steps to the set-up guide)
