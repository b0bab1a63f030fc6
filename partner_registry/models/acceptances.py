"""Table of the acceptance runs ("recettes") of clients' versions."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, relationship

from glc.database import Base, column, enum_type, key_column
from glc.errors import Conflict
from glc.i18n import N_
from partner_registry.models.clients import ClientVersion


class Verdict(enum.Enum):
    """What an acceptance run found of a site."""

    PASSED = "passed"
    FAILED = "failed"


class AcceptanceRun(Base):
    """One run of the acceptance tests against a site, kept on a version as it was signed; never changed or deleted."""

    __tablename__ = "acceptance_run"

    id: Mapped[int] = key_column()
    version_id: Mapped[int] = column("Version it vouches for", sa.ForeignKey(ClientVersion.id), index=True)
    signed_text: Mapped[str] = column("The whole result, as it was signed (docs/acceptance.md)", sa.Text())
    verdict: Mapped[Verdict] = column("Whether the site passed, as the result says", enum_type(Verdict))
    finished_at: Mapped[dt.datetime] = column("When the run ended, as the result says")
    stored_at: Mapped[dt.datetime] = column("When it was stored")
    stored_by_id: Mapped[int | None] = column("By whom", sa.ForeignKey("account.id"), personal=True)
    version: Mapped[ClientVersion] = relationship(back_populates="acceptances")


_KEPT = N_("un résultat de recette ne se modifie ni ne s’efface : déposez celui d’une autre recette")


def _refuse_changes(session: Session, _context: object, _instances: object) -> None:
    changed = [each for each in session.dirty if session.is_modified(each)]
    if any(isinstance(each, AcceptanceRun) for each in (*changed, *session.deleted)):
        raise Conflict(_KEPT)


def _refuse_statements(state: ORMExecuteState) -> None:
    mapper = state.bind_mapper if state.is_update or state.is_delete else None
    if mapper is not None and mapper.class_ is AcceptanceRun:
        raise Conflict(_KEPT)


sa.event.listen(Session, "before_flush", _refuse_changes)
sa.event.listen(Session, "do_orm_execute", _refuse_statements)
