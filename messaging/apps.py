from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """Conversations: everything that lives in a company's own schema."""

    name = "messaging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Add steps to the set-up guide, who is asked for due work, names of things, and what goes with a contact.
        from messaging import steps, tasks, things  # noqa: F401
        from messaging.media import forgetting  # noqa: F401
