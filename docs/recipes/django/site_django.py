"""A Django site that logs in with GrandLyonConnect, by mozilla-django-oidc: its users, its page and its addresses."""

from django.http import HttpResponse
from django.urls import include, path
from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class Citizens(OIDCAuthenticationBackend):
    """Users are found by `sub`, which never changes, rather than by e-mail."""

    def verify_claims(self, claims):
        return "sub" in claims

    def filter_users_by_claims(self, claims):
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims):
        return self.update_user(self.UserModel(username=claims["sub"]), claims)

    def update_user(self, user, claims):
        user.first_name, user.last_name = claims.get("given_name", ""), claims.get("family_name", "")
        user.email = claims.get("email", "")
        user.save()
        return user


def home(request):
    user = request.user
    return HttpResponse(f"Bonjour {user.first_name}" if user.is_authenticated else "Non connecté")


urlpatterns = [path("", home, name="home"), path("oidc/", include("mozilla_django_oidc.urls"))]
