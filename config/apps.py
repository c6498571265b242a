from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Gives the project's own commands (demo, translations) a place Django looks into."""

    name = "config"
