"""Static files as production serves them: compressed, and named by their content so that they may be kept for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Scripts are modules that import each other; those imports are renamed too."""

    support_js_module_import_aggregation = True
