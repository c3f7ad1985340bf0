"""What the tests of signers' own pages share: their links, the store as a whole, campaigns in every state."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import cache
from typing import Any, Protocol
from uuid import UUID

import httpx
from sqlalchemy import event, select, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.models import metadata
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.counting import recount
from petitions.signatures.models import Signature
from petitions.tokens import Tokens
from tests import factories
from tests.web.support import Page

#: Everything that a campaign can ask and a signer can say.
FULL_TERMS: dict[str, Any] = {
    "affiliation": {"label": "Union", "required": False},
    "questions": [
        {"key": "job", "label": "Job", "public": True},
        {"key": "phone", "label": "Phone", "public": False},
    ],
}
FULL_ENTRY: dict[str, Any] = {
    "name": "Ana Sánchez",
    "country": "ES",
    "city": "Madrid",
    "affiliation": "Bakers",
    "comment": "With you.\nAlways.",
    "answers": {"job": "baker", "phone": "123"},
    "visibility": "initials",
}
Dump = dict[str, list[str]]


class Row(Protocol):
    """What a link can name: a draft or a signature, stored or about to be."""

    @property
    def campaign_id(self) -> int: ...

    @property
    def id(self) -> UUID: ...


@cache
def _token(settings: Settings, purpose: str, campaign_id: int, row_id: UUID, epoch: int = 0) -> str:
    """The same for the same row: a token holds the second in which it was made."""
    return Tokens(settings.secret_keys).make(purpose, campaign_id, row_id, epoch)


def own(settings: Settings, row: Row, below: str = "", epoch: int = 0) -> str:
    """The address of a signer's own page, or below it."""
    return f"/signature/{_token(settings, 'signature', row.campaign_id, row.id, epoch)}{below}"


def entry(settings: Settings, row: Row) -> str:
    """The address of the own page in a neutral mail."""
    return own(settings, row).replace("/signature/", "/entry/")


def confirmation(settings: Settings, row: Row, below: str = "") -> str:
    """The address of the link that confirms."""
    return f"/confirm/{_token(settings, 'confirm', row.campaign_id, row.id)}{below}"


def not_me(settings: Settings, row: Row) -> str:
    """The address behind "it wasn't me" in the mail of a draft."""
    return confirmation(settings, row, "/not-me")


def unsubscribe(settings: Settings, row: Row) -> str:
    """The address of the one click that stops mails."""
    return f"/unsubscribe/{_token(settings, 'unsubscribe', row.campaign_id, row.id)}"


def own_fields(page: Page, path: str) -> dict[str, str]:
    """What the form of the own page would send now, but for the digest of the words beside the box."""
    fields = page.fields(f"{path}?lang={page.one('html')['lang']}")
    return {name: value for name, value in fields if name != "updates_words"}


def find_signature(database: Database, draft: Row) -> Signature | None:
    with database.reading() as session:
        return session.get(Signature, (draft.campaign_id, draft.id))


def get_signature(database: Database, draft: Row) -> Signature:
    signature = find_signature(database, draft)
    assert signature is not None
    return signature


def set_columns(database: Database, draft: Row, **values: Any) -> None:
    """Change the row of a signature past every rule."""
    this = (Signature.campaign_id == draft.campaign_id, Signature.id == draft.id)
    with database.writing() as session:
        session.execute(update(Signature).where(*this).values(**values))


def queued(database: Database) -> list[tuple[str, Any]]:
    """Kind and subject of every mail in the outbox, in the order of their making."""
    with database.reading() as session:
        rows = session.execute(select(Outbox.kind, Outbox.subject_id).order_by(Outbox.id)).all()
    return [(kind, subject) for kind, subject in rows]


def counted(database: Database, campaign: CampaignSnapshot) -> int:
    """The count, which must be that of the rows."""
    with database.writing() as session:
        result = recount(session, campaign.id, utc_now(), repair=False)
    assert result.drift == 0
    return result.rows


def dump(database: Database) -> Dump:
    """Every row of every table."""
    with database.reading() as session:
        return {
            name: sorted(repr(tuple(row)) for row in session.execute(select(table)))
            for name, table in metadata.tables.items()
        }


def seen(response: httpx.Response) -> tuple[Any, ...]:
    """Everything that a visitor can tell two answers apart by."""
    headers = [(name, value) for name, value in response.headers.items() if name not in ("x-request-id", "date")]
    return (response.status_code, response.content, tuple(headers))


def _move(opens: timedelta | None, closes: timedelta | None) -> Callable[[Database, CampaignSnapshot], None]:
    def move(database: Database, campaign: CampaignSnapshot) -> None:
        now = utc_now()
        factories.make_campaign(
            database,
            slug=campaign.slug,
            opens_at=now + opens if opens is not None else None,
            closes_at=now + closes if closes is not None else None,
            **FULL_TERMS,
        )

    return move


def _purge(database: Database, campaign: CampaignSnapshot) -> None:
    assert purge(database, campaign.id, utc_now()).done


#: Brings a campaign into a state.
STATES: dict[str, Callable[[Database, CampaignSnapshot], None]] = {
    "upcoming": _move(timedelta(days=1), None),
    "open": _move(None, timedelta(days=1)),
    "grace": _move(None, timedelta(minutes=-5)),
    "closed": _move(None, timedelta(days=-100)),
    "purged": _purge,
}


@contextmanager
def failing(database: Database, fails: Callable[[str, Any], bool]) -> Iterator[None]:
    """The store fails at the statements that `fails` says, which gets their text and SQLAlchemy's context."""
    error: type[Exception] = database.engine.dialect.loaded_dbapi.OperationalError

    def fail(_cursor: object, statement: str, _parameters: object, context: Any) -> None:
        if fails(statement, context):
            raise error("no space left")

    event.listen(database.engine, "do_execute", fail)
    event.listen(database.engine, "do_executemany", fail)
    try:
        yield
    finally:
        event.remove(database.engine, "do_execute", fail)
        event.remove(database.engine, "do_executemany", fail)


def writes_failing(database: Database) -> AbstractContextManager[None]:
    """The store can be read and takes nothing, as when its disk is full."""

    def is_write(_statement: str, context: Any) -> bool:
        return bool(context.root_connection.get_execution_options().get("petitions_writes"))

    return failing(database, is_write)
