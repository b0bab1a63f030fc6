"""How long what is sent may be: documents of the registry are long, everything else is short."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from glc.serve import InTurn
from glc.web import LONG_BODY, SHORT_BODY, csrf, longest_body

DOCUMENT = 10 * 1024 * 1024


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    """Talks to a provider, two of whose paths answer how much they were sent, and in which file."""
    app = make_app(alone=True)

    def read() -> list[int]:
        return [len(request.get_data(parse_form_data=True)), *(len(file.read()) for file in request.files.values())]

    csrf.exempt(read)
    for number, path in enumerate(("/registry/documents/", "/elsewhere/")):
        app.add_url_rule(path, f"read-{number}", read, methods=["POST"])
    return app.test_client()


def test_a_document_of_ten_mebibytes_is_taken_below_registry(client: FlaskClient) -> None:
    form = {"title": "Convention", "document": FileStorage(io.BytesIO(bytes(DOCUMENT)), "convention.pdf")}
    boundary, body = encode_multipart(form)  # the client's own way leaves a temporary file open
    sent = {"content_type": f"multipart/form-data; boundary={boundary}"}
    answer = client.post("/registry/documents/", data=body, **sent)
    assert (answer.status_code, answer.json) == (200, [0, DOCUMENT])


@pytest.mark.parametrize(
    ("path", "longest"),
    [
        ("/registry/documents/", LONG_BODY),
        ("/elsewhere/", SHORT_BODY),
        ("/registry", SHORT_BODY),
        ("/registryx/", SHORT_BODY),
        ("/idp/oidc/token/registry/", SHORT_BODY),
        ("//registry/", SHORT_BODY),
    ],
)
def test_one_byte_more_than_the_longest_is_too_long(client: FlaskClient, path: str, longest: int) -> None:
    """RFC 9110, 15.5.14; whether or not there is anything at that path."""
    assert longest_body(path) == longest
    assert client.post(path, data=bytes(longest + 1)).status_code == 413
    assert client.post(path, data=bytes(longest)).status_code != 413


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("length", [0, 1, 10, 11, 100, 101, 5000])
def test_the_server_hands_over_a_whole_body_or_one_byte_too_many(length: int, chunked: bool) -> None:
    """In pieces or not, in memory (here up to 10 bytes) or on the disk: the application sees no difference."""
    seen = []

    def application(environ: dict[str, Any], _start: object) -> Iterable[bytes]:
        seen.append((environ["wsgi.input"].read(), int(environ["CONTENT_LENGTH"])))
        return []

    content = bytes(number % 251 for number in range(length))
    framing = {"HTTP_TRANSFER_ENCODING": "chunked"} if chunked else {"CONTENT_LENGTH": str(length)}
    InTurn(application, 1, lambda path: {"/long": 100}[path], 10)(
        {"PATH_INFO": "/long", "wsgi.input": io.BytesIO(content), **framing}, lambda *_: None
    )
    cut = content[:101]
    assert seen == [(cut, len(cut) if chunked else length)]
