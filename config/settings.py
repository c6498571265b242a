"""Every setting of Botschaft, each from the environment with a safe default.

Production sets at least BASE_HOST, SECRET_KEY, MASTER_KEYS, DATABASE_URL, REDIS_URL and EMAIL_URL;
`manage.py check --deploy` names what is missing.
"""

import secrets
from pathlib import Path

import csp.constants as csp
from django.utils.translation import gettext_lazy as _

from config import environment
from config.logging import configure as configure_logging

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where and how this installation runs ---------------------------------------------------------

DEBUG = environment.flag("DEBUG", default=False)
DEMO = environment.flag("DEMO", default=False)
TESTING = environment.flag("TESTING", default=False)
PORT = environment.number("PORT", 8000)
# The public site; a company lives at <address name>.<BASE_HOST>.
BASE_HOST = environment.text("BASE_HOST", f"localhost:{PORT}").lower()
BASE_DOMAIN = BASE_HOST.partition(":")[0]
SECURE = environment.flag("SECURE", default=not (DEMO or DEBUG or TESTING))
SCHEME = "https" if SECURE else "http"
DATA_DIR = Path(environment.text("DATA_DIR", str(BASE_DIR / "var")))
VERSION = "0.1.0"

# A key made up at start keeps nobody signed in over a restart; the deploy check asks for a real one.
SECRET_KEY = environment.text("SECRET_KEY") or secrets.token_urlsafe(50)
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS")
# `id:key,id:key`, newest first; each key is 32 random bytes in URL-safe base64.
MASTER_KEYS = environment.words("MASTER_KEYS")
# Opens /metrics and /health/deep to a monitor that sends `Authorization: Bearer …`.
MONITOR_TOKEN = environment.text("MONITOR_TOKEN")

ALLOWED_HOSTS = [BASE_DOMAIN, f".{BASE_DOMAIN}", *environment.words("EXTRA_HOSTS")]
CSRF_TRUSTED_ORIGINS = [f"{SCHEME}://{BASE_HOST}", f"{SCHEME}://*.{BASE_HOST}"]
# How many proxies of ours stand before the application and append to X-Forwarded-For.
TRUSTED_PROXIES = environment.number("TRUSTED_PROXIES", 0)

# The operator of this installation, named in the imprint and on invoices.
OPERATOR = {
    "name": environment.text("OPERATOR_NAME", "Botschaft Betriebsgesellschaft mbH"),
    "street": environment.text("OPERATOR_STREET", "Speicherstraße 12"),
    "postcode": environment.text("OPERATOR_POSTCODE", "20457"),
    "city": environment.text("OPERATOR_CITY", "Hamburg"),
    "country": environment.text("OPERATOR_COUNTRY", "DE"),
    "email": environment.text("OPERATOR_EMAIL", "hallo@botschaft.example"),
    "phone": environment.text("OPERATOR_PHONE", "+49 40 5550 1200"),
    "register": environment.text("OPERATOR_REGISTER", "Amtsgericht Hamburg, HRB 000000"),
    "vat_id": environment.text("OPERATOR_VAT_ID", "DE123456788"),
    "directors": environment.text("OPERATOR_DIRECTORS", "Ada Beispiel"),
    # What only invoices need has no default outside the demo: money must not go to an account that is an example.
    "tax_number": environment.text("OPERATOR_TAX_NUMBER", "22/123/12345" if DEMO or TESTING else ""),
    "iban": environment.text("OPERATOR_IBAN", "DE02120300000000202051" if DEMO or TESTING else ""),
    "bic": environment.text("OPERATOR_BIC", "BYLADEM1001" if DEMO or TESTING else ""),
}
# The European register of VAT ids.
VIES_URL = environment.text("VIES_URL", "https://ec.europa.eu/taxation_customs/vies/rest-api")

# --- Applications ---------------------------------------------------------------------------------

SHARED_APPS = [
    # Before django_tenants: our `migrate` command replaces its one.
    "config",
    "tenants",
    "billing",
    "django_tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
]
TENANT_APPS = ["messaging"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]

TENANT_MODEL = "tenants.Company"
TENANT_DOMAIN_MODEL = "tenants.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_LIMIT_SET_CALLS = True
AUTH_USER_MODEL = "tenants.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ROOT_URLCONF = "config.urls"
PUBLIC_URLCONF = "config.urls_public"
ASGI_APPLICATION = "config.asgi.application"

MIDDLEWARE = [
    "tenants.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenants.middleware.HostMiddleware",
    "tenants.middleware.CompanySessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.middleware.PersonMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.middleware.VisitMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.frame.frame",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "tenants.templatetags.ui",
                "messaging.inbox.linked",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Data -----------------------------------------------------------------------------------------

DATABASES = {
    "default": environment.database(
        environment.text("DATABASE_URL", "postgres://botschaft@localhost/botschaft"),
        pool_size=environment.number("DATABASE_POOL", 10),
    )
}
REDIS_URL = environment.text("REDIS_URL", "redis://localhost:6379/0")
# Counters that guard sign-in must survive the loss of Redis, so the cache is a table.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "tenants_cache",
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
    }
}

# --- People, sessions, cookies --------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["tenants.sign_in.EmailBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600

SESSION_ENGINE = "tenants.models.session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_ABSOLUTE_AGE = 7 * 24 * 3600
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "tenants.views.errors.csrf_failure"
LANGUAGE_COOKIE_NAME = "__Host-language" if SECURE else "language"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "tenants.sign_in.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # our own sign-up and invitations prove the address first
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "tenants.sign_in.CompanyTokenGenerator"  # noqa: S105
ACCOUNT_REAUTHENTICATION_REQUIRED = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_RATE_LIMITS = False  # ours are asked before a password is hashed: tenants/services/limits.py
ACCOUNT_FORMS = {
    "login": "tenants.forms.sign_in.SignInForm",
    "reset_password": "tenants.forms.sign_in.ResetPasswordForm",
    "reset_password_from_key": "tenants.forms.sign_in.ResetPasswordKeyForm",
    "change_password": "tenants.forms.sign_in.ChangePasswordForm",
    "reauthenticate": "tenants.forms.sign_in.ReauthenticateForm",
}
MFA_ADAPTER = "tenants.sign_in.TwoFactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = False
MFA_TOTP_ISSUER = "Botschaft"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "tenants.forms.sign_in.TwoFactorForm",
    "reauthenticate": "tenants.forms.sign_in.TwoFactorReauthenticateForm",
    "activate_totp": "tenants.forms.sign_in.ActivateTwoFactorForm",
}

# --- Browser safety -------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = SECURE and environment.flag("SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# A form on one host of ours may end on another (opening a company, changing between companies).
OUR_HOSTS = [f"{SCHEME}://{BASE_HOST}", f"{SCHEME}://*.{BASE_HOST}"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [csp.SELF],
        "img-src": [csp.SELF, "data:"],
        # A recording is listened to before it is sent.
        "media-src": [csp.SELF, "blob:"],
        "object-src": [csp.NONE],
        "base-uri": [csp.NONE],
        "frame-ancestors": [csp.NONE],
        "form-action": [csp.SELF, *OUR_HOSTS],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024

# --- Language, time, numbers ----------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = True

# Where the provider's billing days and months begin.
BILLING_TIME_ZONE = environment.text("BILLING_TIME_ZONE", "Europe/Berlin")

# --- Files ----------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# On one machine the files are served from where they lie; production collects, compresses and names them by content.
WHITENOISE_USE_FINDERS = DEMO or DEBUG or TESTING
# A file that is edited while the demo runs must not be served with the length it had at the start.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS
STATIC_ROOT = None if WHITENOISE_USE_FINDERS else DATA_DIR / "static"
# Where people's files are kept: below DATA_DIR, or in an S3 bucket. Neither is ever served by itself.
FILES_S3_BUCKET = environment.text("FILES_S3_BUCKET")
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "media": {
        "BACKEND": "config.s3.S3Files",
        # Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the machine's role.
        "OPTIONS": {
            "bucket_name": FILES_S3_BUCKET,
            "endpoint_url": environment.text("FILES_S3_ENDPOINT_URL") or None,
            "region_name": environment.text("FILES_S3_REGION") or None,
            "addressing_style": environment.text("FILES_S3_ADDRESSING") or None,
            "default_acl": None,
        },
    }
    if FILES_S3_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": MEDIA_ROOT,
            "base_url": None,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "config.storage.StaticStorage"
        if not WHITENOISE_USE_FINDERS
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# A dotted path of what looks at every file before it is kept: a callable that takes its path and returns None, or the
# reason to refuse it. `tenants.lib.clamd.scan` asks a clamd at CLAMD_ADDRESS (host:port, or the path of its socket).
MEDIA_SCANNER = environment.text("MEDIA_SCANNER")
CLAMD_ADDRESS = environment.text("CLAMD_ADDRESS", "localhost:3310")
# A request may carry this much, several files together; what is not small waits in a temporary file.
LARGEST_REQUEST = environment.number("LARGEST_REQUEST_MB", 256) * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- Providers ------------------------------------------------------------------------------------

# The local stand-in of the providers; the demo speaks to it.
SANDBOX_URL = environment.text("SANDBOX_URL")
# Where WhatsApp is spoken to: Meta, or the sandbox.
WHATSAPP_API_URL = environment.text(
    "WHATSAPP_API_URL", f"{SANDBOX_URL}/v25.0" if SANDBOX_URL else "https://graph.facebook.com/v25.0"
)
# For the platform's one address, which the webhooks of all numbers under our own Meta app come to.
WHATSAPP_APP_SECRET = environment.text("WHATSAPP_APP_SECRET")
WHATSAPP_VERIFY_TOKEN = environment.text("WHATSAPP_VERIFY_TOKEN")
# For how many days a webhook body stays: one that was worked on, and one with a part nobody could read.
WEBHOOKS_KEPT_DAYS = environment.number("WEBHOOKS_KEPT_DAYS", 14)
BROKEN_WEBHOOKS_KEPT_DAYS = environment.number("BROKEN_WEBHOOKS_KEPT_DAYS", 90)

# --- Mail -----------------------------------------------------------------------------------------

EMAIL_URL = environment.text("EMAIL_URL")
DEFAULT_FROM_EMAIL = environment.text("EMAIL_FROM", f"Botschaft <post@{BASE_DOMAIN}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 20
# Without EMAIL_URL mail is kept as MIME files in DATA_DIR/mail, which the demo shows on a page.
CAUGHT_MAIL_DIR = DATA_DIR / "mail"
EMAIL_BACKEND = "config.demo.mail.CatchingBackend"
if EMAIL_URL:
    globals().update(environment.mail(EMAIL_URL))

# --- Background work ------------------------------------------------------------------------------

CELERY_BROKER_URL = environment.text("CELERY_BROKER_URL", REDIS_URL.replace("unix://", "redis+socket://"))
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 2000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10.0
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A task must end well before the broker thinks it lost and gives it to a second worker.
CELERY_TASK_TIME_LIMIT = 60
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 30,
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "default"
# Processes that send, per queue (replies, bulk): a company holds at most half of them.
SENDING_WORKERS = environment.number("SENDING_WORKERS", 2)
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "tenants.tasks.sweep", "schedule": 5.0, "options": {"expires": 20}},
    "tidy": {"task": "tenants.tasks.tidy", "schedule": 3600.0, "options": {"expires": 3000}},
    "count_seats": {"task": "billing.tasks.count_seats", "schedule": 3600.0, "options": {"expires": 3000}},
    "months": {"task": "billing.tasks.begin_months", "schedule": 3600.0, "options": {"expires": 3000}},
}

# --- Logs ------------------------------------------------------------------------------

LOGGING_CONFIG = None
configure_logging(as_json=not (DEMO or DEBUG or TESTING), level=environment.text("LOG_LEVEL", "INFO"))
