from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Companies, people, sign-in: who is who."""

    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants import checks, tasks  # noqa: F401  (register the checks, and who is asked for due work)
