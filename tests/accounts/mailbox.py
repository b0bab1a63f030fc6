"""The mails of a provider that has no mail server, read from its outbox, and what is typed into its forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import sqlalchemy as sa
from bs4 import BeautifulSoup, Tag
from flows import ISSUER
from sqlalchemy.engine import Engine, Row
from werkzeug.test import TestResponse

from glc.mail import OutboxMail

NEW_PASSWORD = "un autre mot de passe"


@dataclass
class Mailbox:
    """Everybody's mails."""

    engine: Engine

    def of(self, address: str) -> list[Row]:
        """The mails of an address, oldest first."""
        query = sa.select(OutboxMail.subject, OutboxMail.text).where(OutboxMail.recipient == address)
        with self.engine.connect() as connection:
            return list(connection.execute(query.order_by(OutboxMail.id)))

    def links(self, address: str) -> list[str]:
        """The paths of this site that the latest mail of an address leads to."""
        text = self.of(address)[-1].text
        return [urlsplit(url).path for url in re.findall(rf"^{re.escape(ISSUER)}\S+$", text, re.MULTILINE)]

    def link(self, address: str) -> str:
        """The only one."""
        (found,) = self.links(address)
        return found


def soup(page: TestResponse) -> BeautifulSoup:
    """The page's elements."""
    return BeautifulSoup(page.text, "html.parser")


def heading(page: TestResponse) -> str:
    """What the page is about."""
    return soup(page).find("h1").get_text(strip=True)


def field(page: TestResponse, name: str) -> Tag:
    """An input of the page's form."""
    found = soup(page).find("main").find("input", attrs={"name": name})
    assert found is not None, f"no field {name}: {page.text}"
    return found


def problems(page: TestResponse) -> dict[str, str]:
    """What the page says is wrong, by field."""
    wrong = soup(page).find_all(class_="problem")
    return {each["id"].removesuffix("-error"): each.get_text(" ", strip=True) for each in wrong}


def way_to(page: TestResponse, path: str) -> str:
    """Where the page's link to that page of the account leads, `next` included."""
    return soup(page).find("main").find("a", href=re.compile(rf"^{re.escape(path)}"))["href"]
