"""A Django site that logs in with GrandLyonConnect, by mozilla-django-oidc: its settings."""

SECRET_KEY = "yours, and secret"
ALLOWED_HOSTS = ["testserver", "localhost"]
ROOT_URLCONF = "site_django"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "mozilla_django_oidc",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = ["site_django.Citizens"]
LOGIN_REDIRECT_URL = "home"
LOGIN_REDIRECT_URL_FAILURE = "/"
OIDC_RP_SCOPES = "openid profile email"
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_USE_PKCE = True
# In production, from the environment. mozilla-django-oidc reads no discovery: say each address.
OIDC_RP_CLIENT_ID = OIDC_RP_CLIENT_SECRET = ""
OIDC_OP_AUTHORIZATION_ENDPOINT = OIDC_OP_TOKEN_ENDPOINT = OIDC_OP_USER_ENDPOINT = OIDC_OP_JWKS_ENDPOINT = ""
