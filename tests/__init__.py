"""The tests. What they run under is set here, before anything reads the settings."""

import base64
import os

os.environ.update(
    {
        "TESTING": "1",
        "DEMO": "1",
        "DEBUG": "0",
        "SECURE": "0",
        "PORT": "8000",
        "BASE_HOST": "localhost:8000",
        "SECRET_KEY": "only-for-tests-" * 4,
        "MASTER_KEYS": "tests:" + base64.urlsafe_b64encode(b"0123456789abcdef" * 2).decode(),
        "MONITOR_TOKEN": "monitor-token-of-the-tests",
        "EMAIL_URL": "",
        "LOG_LEVEL": "CRITICAL",
        # Playwright keeps an event loop in the test's thread; our tests use the database from it all the same.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
    }
)
