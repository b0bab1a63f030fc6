"""The answer in a form that the browser posts to the client (OAuth 2.0 Form Post Response Mode)."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, render_template

from glc.urls import origin
from glc.web import CONTENT_SECURITY_POLICY


def page(redirect_uri: str, answer: Mapping[str, str]) -> Response:
    """The page that posts the answer by itself, or at a click where scripts are off. No cache keeps it."""
    shown = render_template("idp/form_post.html", redirect_uri=redirect_uri, answer=answer, site=origin(redirect_uri))
    headers = {
        "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; script-src 'self'",
        "Cache-Control": "no-cache, no-store",
        "Pragma": "no-cache",
    }
    return Response(shown, 200, headers, mimetype="text/html")
