"""Request parameters, read strictly: valid UTF-8, and each at most once (RFC 6749, sections 3.1 and 3.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from urllib.parse import parse_qsl

from flask import Request

from idp.errors import invalid_request

FORM = "application/x-www-form-urlencoded"
MAX_PARAMETERS = 100


class Parameters(dict[str, str]):
    """Parameters by name. Of a doubled one the first value is kept, and the name is in `doubled`."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = list(pairs)
        super().__init__(reversed(self.pairs))
        counted = Counter(name for name, _ in self.pairs) if len(self) < len(self.pairs) else Counter[str]()
        self.doubled = frozenset(name for name, times in counted.items() if times > 1)

    @classmethod
    def parse(cls, encoded: bytes) -> Parameters:
        """Read form-encoded bytes. Raises `ProtocolError` (invalid_request)."""
        if b"%00" in encoded or b"\0" in encoded:
            raise invalid_request("Parameters must not contain the NUL character")
        try:
            text = encoded.decode("utf-8")
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
        except UnicodeDecodeError:
            raise invalid_request("Parameters must be UTF-8", "Encodez les paramètres en UTF-8.") from None
        except ValueError:
            raise invalid_request(f"At most {MAX_PARAMETERS} parameters are accepted") from None
        return cls(pairs)

    @classmethod
    def of_query(cls, request: Request) -> Parameters:
        """The parameters of the request's query string."""
        return cls.parse(request.query_string)

    @classmethod
    def of_body(cls, request: Request) -> Parameters:
        """The parameters of the request's body, a form. Raises `ProtocolError` for any other type of body."""
        if request.mimetype == FORM:
            return cls.parse(request.get_data(cache=False, parse_form_data=False))
        if request.mimetype == "multipart/form-data":
            return cls(request.form.items(multi=True))
        if request.get_data():
            raise invalid_request(
                f"The body must be {FORM}",
                f"Envoyez les paramètres dans le corps, avec « Content-Type: {FORM} ».",
            )
        return cls(())

    def without_empty(self) -> Parameters:
        """The same, parameters without value left out (RFC 6749, sections 3.1 and 3.2)."""
        return Parameters(pair for pair in self.pairs if pair[1])

    def require_single(self) -> None:
        """Raise `ProtocolError` (invalid_request) when a parameter is doubled."""
        if self.doubled:
            name = min(self.doubled)
            raise invalid_request(
                f'Parameter "{name}" is given more than once', f"N’envoyez le paramètre « {name} » qu’une fois."
            )
