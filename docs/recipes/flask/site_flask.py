"""A Flask site that logs in with GrandLyonConnect, by Authlib."""

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session, url_for
from joserfc.errors import JoseError


def create_app(issuer: str, client_id: str, client_secret: str) -> Flask:
    """The site, connected to a provider."""
    app = Flask(__name__)
    app.secret_key = "yours, and secret"
    glc = OAuth(app).register(
        "glc",
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=client_id,
        client_secret=client_secret,
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
    )

    @app.get("/")
    def home():
        return f"Bonjour {session['user']['given_name']}" if "user" in session else "Non connecté"

    @app.get("/login")
    def login():
        return glc.authorize_redirect(url_for("callback", _external=True))

    @app.get("/callback")
    def callback():
        try:
            token = glc.authorize_access_token()
        except (OAuthError, JoseError) as error:  # refused there, or an ID Token that is not right
            return f"Non connecté : {error.error}", 403
        user = glc.userinfo(token=token)
        if user["sub"] != token["userinfo"]["sub"]:  # OpenID Connect Core 1.0, 5.3.2
            return "Non connecté", 403
        session["user"] = user
        return redirect(url_for("home"))

    return app
