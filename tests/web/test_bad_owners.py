"""Any bytes, forms and orders of requests by whoever has a link: always an answer, never half a change."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import LinkInvalid
from petitions.i18n import COUNTRY_CODES
from petitions.names import folded_words, has_forbidden_characters
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.models import Draft, Refusal, Signature, SignatureWord
from petitions.tokens import Tokens
from tests import factories
from tests.public.support import (
    FULL_TERMS,
    confirmation,
    counted,
    dump,
    get_signature,
    not_me,
    own,
    unsubscribe,
)
from tests.web.support import RawAnswer, Visitor, count_rows
from tests.web.test_bad_input import CHARSETS, CONTENT_TYPES, FORM, multipart, nasty_bytes, queries, urlencoded

RIGHT = {
    "visibility": b"public",
    "name": b"Ana",
    "country": b"ES",
    "city": b"Madrid",
    "affiliation": b"Bakers",
    "q_job": b"baker",
    "q_phone": b"123",
    "comment": b"With you.",
    "updates": b"y",
}
FIELDS = [*RIGHT, "email", "q_", "q_other", "statement", "link_epoch", "serial", "removed_at", ""]


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    """One that asks for everything."""
    return factories.make_campaign(database, **FULL_TERMS)


@pytest.fixture
def ana(database: Database, settings: Settings, campaign: CampaignSnapshot) -> NewDraft:
    return factories.sign_and_confirm(database, settings, campaign, email="ana@example.org")


def check_signature(database: Database, signature: Signature) -> None:
    """It is whole: nothing in it that cannot be shown, and its words are those of its name."""
    answers = signature.answers or {}
    assert set(answers) <= {"job", "phone"}
    texts = [signature.name, signature.city, signature.affiliation, signature.comment, *answers.values()]
    assert not any(has_forbidden_characters(text) or text == "" for text in texts if text is not None)
    assert signature.country in COUNTRY_CODES
    assert signature.visibility in ("public", "initials", "addressee", "anonymous")
    assert (signature.name is None) == (signature.visibility == "anonymous")
    assert signature.updates == (signature.updates_at is not None) == (signature.updates_key is not None)
    this = (SignatureWord.campaign_id == signature.campaign_id, SignatureWord.serial == signature.serial)
    with database.reading() as session:
        words = set(session.scalars(select(SignatureWord.word).where(*this)))
    shown = signature.visibility == "public" and signature.removed_at is None
    assert words == (set(folded_words(signature.name or "")) if shown else set())


def check_change(
    visitor: Visitor, database: Database, url: str, ana: NewDraft, before: Any, answer: RawAnswer
) -> None:
    """All of the form is stored, or nothing; and what is stored can be shown."""
    if answer.status != 303:
        assert dump(database)["signatures"] == before
    signature = get_signature(database, ana)
    check_signature(database, signature)
    assert signature.email == "ana@example.org"
    assert visitor.send("GET", url).status == 200
    data = visitor.send("GET", f"{url}/data")
    assert json.loads(data.body)["name"] == signature.name


@settings(max_examples=100)
@given(changes=st.dictionaries(st.sampled_from(FIELDS), nasty_bytes, min_size=1, max_size=3))
@example(changes=dict.fromkeys(FIELDS, b"\x00"))
@example(changes=dict.fromkeys(FIELDS, b"\xed\xa0\x80"))
@example(changes=dict.fromkeys(FIELDS, b""))
@example(changes={"visibility": b"anonymous", "name": b"\x00", "city": "e\u0301".encode() * 59})
@example(changes={"visibility": b"anonymous", "q_phone": b"\x00"})
@example(changes={"name": b"\xf0\x9f\x8c\xb9" * 120})
@example(changes={"comment": "ﷺ".encode() * 100})
def test_any_bytes_in_any_field_of_the_own_form(
    visitor: Visitor, database: Database, settings: Settings, ana: NewDraft, changes: dict[str, bytes]
) -> None:
    before = dump(database)["signatures"]
    url = own(settings, ana)
    answer = visitor.send("POST", url, headers=[FORM], chunks=[urlencoded(RIGHT | changes)])
    assert answer.status in (303, 422)
    check_change(visitor, database, url, ana, before, answer)


@settings(max_examples=60)
@given(
    charset=st.sampled_from(CHARSETS),
    field=st.sampled_from(FIELDS),
    value=nasty_bytes,
    disposition=st.sampled_from([b"form-data", b"attachment", b"", b"\xff"]),
)
@example(charset="unicode_escape", field="name", value=b"\\ud800", disposition=b"form-data")
@example(charset="utf-7", field="city", value=b"+2AA-", disposition=b"form-data")
def test_any_bytes_in_a_multipart_own_form(
    visitor: Visitor,
    database: Database,
    settings: Settings,
    ana: NewDraft,
    charset: str | None,
    field: str,
    value: bytes,
    disposition: bytes,
) -> None:
    before = dump(database)["signatures"]
    content_type = b"multipart/form-data; boundary=B"
    if charset is not None:
        content_type += b"; charset=" + charset.encode()
    url = own(settings, ana)
    body = multipart(RIGHT | {field: value}, disposition)
    answer = visitor.send("POST", url, headers=[(b"content-type", content_type)], chunks=[body])
    assert answer.status in (303, 400, 422)
    check_change(visitor, database, url, ana, before, answer)


@settings(max_examples=100)
@given(
    content_type=st.one_of(st.sampled_from(CONTENT_TYPES), st.binary(max_size=60)),
    chunks=st.lists(nasty_bytes, min_size=1, max_size=4),
    query=queries,
)
@example(content_type=CONTENT_TYPES[0], chunks=[b"name=" + b"a" * 70_000], query=b"")
@example(content_type=CONTENT_TYPES[0], chunks=[b"&".join([b"a=b"] * 20_000)], query=b"")
def test_any_body_at_any_button(
    visitor: Visitor,
    database: Database,
    settings: Settings,
    ana: NewDraft,
    content_type: bytes,
    chunks: list[bytes],
    query: bytes,
) -> None:
    """What needs a form refuses another body; what needs none works with any."""
    before = dump(database)["signatures"]
    headers = [(b"content-type", content_type)]
    answer = visitor.send("POST", own(settings, ana), query=query, headers=headers, chunks=chunks)
    assert answer.status in (303, 400, 413, 422)
    check_change(visitor, database, own(settings, ana), ana, before, answer)
    answer = visitor.send("POST", unsubscribe(settings, ana), query=query, headers=headers, chunks=chunks)
    assert answer.status in (200, 413)
    if answer.status == 200:
        assert get_signature(database, ana).updates is False


PREFIXES = {"signature": ["", "/data", "/withdraw", "/new-link"], "confirm": ["/not-me"], "unsubscribe": [""]}


@settings(max_examples=150)
@given(data=st.data())
def test_any_change_of_a_token_is_the_page_of_a_dead_link(
    visitor: Visitor, database: Database, settings: Settings, campaign: CampaignSnapshot, data: st.DataObject
) -> None:
    if count_rows(database, Signature) == 0:
        factories.sign_and_confirm(database, settings, campaign)
        factories.sign(database, settings, campaign)
    with database.reading() as session:
        rows = [*session.scalars(select(Signature.id)), *session.scalars(select(Draft.id))]
    row_id = data.draw(st.sampled_from(rows))
    tokens, purpose = Tokens(settings.secret_keys), data.draw(st.sampled_from(sorted(PREFIXES)))
    token = tokens.make(purpose, campaign.id, row_id, data.draw(st.sampled_from([0, 1, 2**32 - 1])))
    position = data.draw(st.integers(0, len(token) - 1))
    replaced = data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=3))
    changed = token[:position] + replaced + token[position + data.draw(st.integers(0, 3)) :]
    with suppress(LinkInvalid):  # base64 passes over what is no letter of it
        assert tokens.read(purpose, changed, utc_now()) == tokens.read(purpose, token, utc_now())
        return
    state = dump(database)
    for below in PREFIXES[purpose]:
        for method in ("GET", "POST"):
            answer = visitor.send(method, f"/{purpose}/{changed}{below}")
            assert answer.status in (307, 404, 405)
    assert dump(database) == state


FORMS = st.one_of(
    st.just(RIGHT),
    st.dictionaries(
        st.sampled_from(FIELDS), st.sampled_from([b"", b"y", b"anonymous", b"initials", b"FR", b"\xff"])
    ),
)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),  # whose link
        st.integers(0, 2),  # of which epoch
        st.sampled_from(
            ["", "/data", "/withdraw", "/new-link", "confirm", "not-me", "undo", "unsubscribe", "find"]
        ),
        st.sampled_from(["GET", "POST", "POST", "HEAD"]),
        FORMS,
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=40)
@given(steps=STEPS)
def test_any_order_of_requests_leaves_a_true_count_and_whole_rows(
    visitor: Visitor, database: Database, settings: Settings, campaign: CampaignSnapshot, steps: list[Any]
) -> None:
    people = [
        factories.sign_and_confirm(database, settings, campaign),
        factories.sign(database, settings, campaign),
        factories.sign(database, settings, campaign, trapped=True),
        factories.make_draft(campaign, settings),
    ]
    for who, epoch, way, method, form in steps:
        draft = people[who]
        path, query = {
            "confirm": (confirmation(settings, draft), b""),
            "not-me": (not_me(settings, draft), b""),
            "undo": (not_me(settings, draft), b"undo=1"),
            "unsubscribe": (unsubscribe(settings, draft), b""),
            "find": ("/c/free-boris/find", b""),
        }.get(way, (own(settings, draft, way, epoch), b""))
        body = form | {"email": draft.email.encode()} if way == "find" else form
        before = dump(database)
        answer = visitor.send(method, path, query=query, headers=[FORM], chunks=[urlencoded(body)])
        if method != "POST" or answer.status >= 400:
            assert dump(database) == before, (way, method)
    counted(database, campaign)
    with database.reading() as session:
        signatures = session.scalars(select(Signature)).all()
        keys = set(session.scalars(select(Signature.email_key)))
        assert keys.isdisjoint(session.scalars(select(Refusal.email_key)))
        assert keys.isdisjoint(session.scalars(select(Draft.email_key)))
    for signature in signatures:
        check_signature(database, signature)
