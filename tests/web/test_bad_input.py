"""Any bytes anywhere: always an answer, never one of ours that failed, never half a row."""

from urllib.parse import quote_from_bytes

from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.names import has_forbidden_characters
from petitions.settings import Settings
from petitions.signatures.models import Draft, Signature
from petitions.tokens import Named, Tokens
from tests import factories
from tests.web.support import RawAnswer, Visitor, count_rows

FORM = (b"content-type", b"application/x-www-form-urlencoded")


def urlencoded(fields: dict[str, bytes]) -> bytes:
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields.items()).encode()


def right_form(**changes: bytes) -> dict[str, bytes]:
    return {name: value.encode() for name, value in factories.form().items()} | changes


#: Texts that break programs, beside arbitrary bytes.
NASTY = [
    b"\x00",
    b"Ana\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",  # half a surrogate pair in UTF-8
    b"\xf4\x90\x80\x80",  # beyond Unicode
    "\u202e\u2066".encode(),
    "ﷺ".encode() * 100,  # one character that normal forms make eighteen of
    "e\u0301".encode() * 100,
    b"%s%(x)s{0}{{7*7}}",
    b"'; DROP TABLE drafts; --",
    b"<script>alert(1)</script>",
    b"\r\nSet-Cookie: a=b",
    b"a" * 10_000,
]
any_bytes = st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace")))
nasty_bytes = st.one_of(st.sampled_from(NASTY), any_bytes)
FIELDS = ["name", "email", "country", "city", "comment", "visibility", "updates", "statement", "email_checked"]
FIELDS += ["website", "affiliation", "q_role", "q_", "_method", ""]


def check_draft(database: Database, before: int, answer: RawAnswer) -> None:
    """A draft for a 303, none for anything else; no text in it that cannot be shown; never a signature."""
    after = count_rows(database, Draft)
    assert after - before == (answer.status == 303)
    assert count_rows(database, Signature) == 0
    if answer.status == 303:
        with database.reading() as session:
            draft = session.scalars(select(Draft).order_by(Draft.id.desc()).limit(1)).one()
            texts = [draft.name, draft.email, draft.country, draft.city, draft.comment, draft.visibility]
            assert not any(has_forbidden_characters(text) for text in texts if text)


@settings(max_examples=100)
@given(changes=st.dictionaries(st.sampled_from(FIELDS), nasty_bytes, min_size=1, max_size=3))
@example(changes=dict.fromkeys(FIELDS, b"\x00"))
@example(changes=dict.fromkeys(FIELDS, b"\xed\xa0\x80"))
@example(changes={"email": "ﷺ".encode() * 40 + b"@example.org"})
@example(changes={"email": b"ana@" + "ﷺ".encode() * 10 + b".org"})
@example(changes={"email": b"ana@xn--a.org"})
@example(changes={"name": b"\xf0\x9f\x8c\xb9" * 120})
def test_any_bytes_in_any_field(visitor: Visitor, database: Database, changes: dict[str, bytes]) -> None:
    before = count_rows(database, Draft)
    answer = visitor.send(
        "POST", "/c/free-boris/signatures", headers=[FORM], chunks=[urlencoded(right_form(**changes))]
    )
    assert answer.status in (303, 422)
    check_draft(database, before, answer)


CHARSETS = [
    None,
    "utf-8",
    "latin-1",
    "utf-16",
    "utf-7",
    "unicode_escape",
    "raw_unicode_escape",
    "idna",
    "punycode",
]
CHARSETS += ["base64", "undefined", "mbcs", "x" * 500, "\x00", ""]


def multipart(fields: dict[str, bytes], disposition: bytes = b"form-data") -> bytes:
    parts = [
        b'--B\r\nContent-Disposition: %s; name="%s"\r\n\r\n%s\r\n' % (disposition, name.encode(), value)
        for name, value in fields.items()
    ]
    return b"".join(parts) + b"--B--\r\n"


@settings(max_examples=100)
@given(
    charset=st.sampled_from(CHARSETS),
    field=st.sampled_from(FIELDS),
    value=nasty_bytes,
    disposition=st.sampled_from([b"form-data", b"attachment", b"", b"\xff"]),
)
@example(charset="unicode_escape", field="name", value=b"\\ud800", disposition=b"form-data")
@example(charset="unicode_escape", field="q_unknown", value=b"\\ud800", disposition=b"form-data")
@example(charset="utf-7", field="city", value=b"+2AA-", disposition=b"form-data")
@example(charset="punycode", field="comment", value=b"a" * 60_000, disposition=b"form-data")
@example(charset="idna", field="comment", value=b"xn--" + b"a" * 60_000, disposition=b"form-data")
def test_any_bytes_in_a_multipart_form(
    visitor: Visitor, database: Database, charset: str | None, field: str, value: bytes, disposition: bytes
) -> None:
    before = count_rows(database, Draft)
    content_type = b"multipart/form-data; boundary=B"
    if charset is not None:
        content_type += b"; charset=" + charset.encode()
    body = multipart(right_form(**{field: value}), disposition)
    answer = visitor.send(
        "POST", "/c/free-boris/signatures", headers=[(b"content-type", content_type)], chunks=[body]
    )
    assert answer.status in (303, 400, 422)
    check_draft(database, before, answer)


CONTENT_TYPES = [
    b"application/x-www-form-urlencoded",
    b"application/x-www-form-urlencoded; charset=utf-16",
    b"multipart/form-data; boundary=B",
    b"multipart/form-data; boundary=",
    b"multipart/form-data",
    b"multipart/form-data; boundary=\xff; charset=\xff",
    b"application/json",
    b"text/plain",
    b"",
]


FORM_PATHS = ["/c/free-boris/signatures", "/confirm", "/confirm/x", "/c/nobody/signatures", "/c/free-boris/find"]
FORM_PATHS += ["/c/nobody/find", "/find", "/signature/x", "/unsubscribe/x"]


@settings(max_examples=100)
@given(
    path=st.sampled_from(FORM_PATHS),
    content_type=st.one_of(st.sampled_from(CONTENT_TYPES), st.binary(max_size=60)),
    chunks=st.lists(nasty_bytes, min_size=1, max_size=4),
)
@example(path="/confirm", content_type=CONTENT_TYPES[0], chunks=[b"email=" + b"a" * 70_000])
@example(path="/confirm", content_type=CONTENT_TYPES[0], chunks=[b"&".join([b"a=b"] * 20_000)])
@example(path="/confirm", content_type=CONTENT_TYPES[0], chunks=[b"email=ana@example.org%00"])
@example(path="/confirm", content_type=CONTENT_TYPES[2], chunks=[b"--B\r\n", b"\r\n\r\n--B--"])
@example(path="/find", content_type=CONTENT_TYPES[0], chunks=[b"email=ana@example.org%00"])
@example(path="/c/free-boris/find", content_type=CONTENT_TYPES[0], chunks=[b"email=%ED%A0%80@example.org"])
@example(
    path="/confirm", content_type=CONTENT_TYPES[2], chunks=[b"--B\r\nContent-Disposition: form-data\r\n\r\nx"]
)
def test_any_body(
    visitor: Visitor, database: Database, path: str, content_type: bytes, chunks: list[bytes]
) -> None:
    answer = visitor.send("POST", path, headers=[(b"content-type", content_type)], chunks=chunks)
    assert answer.status in (200, 400, 404, 413, 422)
    assert count_rows(database, Draft) == count_rows(database, Signature) == 0


ROUTES = [
    "/",
    "/c/{}",
    "/c/{}/",
    "/c/{}/signatures",
    "/c/{}/signed",
    "/c/{}/thanks",
    "/c/{}/background",
    "/c/{}/versions",
    "/c/{}/privacy",
    "/c/{}/qr.svg",
    "/c/{}/qr.png",
    "/c/{}/find",
    "/c/{}/withdrawn",
    "/find",
    "/confirm",
    "/confirm/{}",
    "/confirm/{}/not-me",
    "/entry/{}",
    "/signature/{}",
    "/signature/{}/data",
    "/signature/{}/new-link",
    "/signature/{}/withdraw",
    "/unsubscribe/{}",
    "/api/v1/campaigns",
    "/api/v1/campaigns/{}",
    "/api/openapi.json",
    "/healthz",
    "/metrics",
    "/static/{}",
    "/{}",
    "{}",
]
METHODS = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "PATCH", "PROPFIND", "get", "X" * 50, ""]
SEGMENTS = ["free-boris", "\x00", "free-boris\x00", "\ufffd", "..", "../../etc/passwd", "%2e%2e", "x" * 300]
SEGMENTS += ["é", "*"]
SEGMENTS += ["//", "//evil.example", "\\", "?", "#", "css/site.css", "css", "css/", "\r\n", "[", "{slug}", ""]
#: What servers hand on: decoded with replacement, so never half a surrogate pair.
segments = st.one_of(st.sampled_from(SEGMENTS), st.text(st.characters(exclude_categories=["Cs"]), max_size=90))
QUERIES = [b"", b"lang=es", b"lang=%00", b"lang=%ff", b"lang=\xff", b"lang=" + b"x" * 5000, b"q=%00", b"q=ana"]
QUERIES += [b"q=%ff%fe", b"from=99999999999999999999", b"from=0", b"from=1.%00", b"from=%D9%A1", b"q=a&from=1.a"]
QUERIES += [b"q=%F0%90%80%80&from=5", b"q=" + b"a+" * 3000, b"&&==&", b"lang=es&lang=\xff", b"q=%EF%B7%BA"]
queries = st.one_of(st.sampled_from(QUERIES), st.binary(max_size=60))
HEADERS = ["accept-language", "host", "content-type", "if-none-match", "cookie", "origin", "sec-fetch-site"]
HEADERS += ["x-forwarded-for", "x-forwarded-host", "authorization", "accept-encoding", "range", "if-range"]
HEADERS += ["if-modified-since", "content-length", "transfer-encoding", "x-request-id", "expect", "referer"]
VALUES = [b"", b"\xff", b"\x00", b"*", b'"', b"a" * 10_000, b"en;q=nan", b"en;q=1e999", b"x-" * 3000, b"gzip;q=0"]
VALUES += [b"testserver", b"testserver:", b"testserver:99999", b"testserver:x]", b"[::1", b"bytes=0-0"]
VALUES += [b"bytes=9-1"]
VALUES += [b"bytes=99999999999999999999-", b"null", b"http://[", b"same-origin", b"-1", b"Bearer \xff", b"1, \xff"]


@settings(max_examples=250)
@given(
    method=st.sampled_from(METHODS),
    route=st.sampled_from(ROUTES),
    segment=segments,
    query=queries,
    headers=st.dictionaries(
        st.sampled_from(HEADERS), st.one_of(st.sampled_from(VALUES), st.binary(max_size=40)), max_size=4
    ),
)
@example(method="GET", route="/c/{}", segment="\x00", query=b"", headers={})
@example(method="GET", route="/api/v1/campaigns/{}", segment="\x00", query=b"", headers={})
@example(method="POST", route="/c/{}/signatures", segment="a\x00", query=b"", headers={"content-type": FORM[1]})
@example(method="GET", route="/static/{}", segment="\x00", query=b"", headers={})
@example(method="GET", route="/static/{}", segment="x" * 300, query=b"v=1", headers={})
@example(method="GET", route="/c/{}/signatures", segment="free-boris", query=b"q=%00&from=1.a", headers={})
@example(method="GET", route="/{}", segment="nothing", query=b"\xff", headers={})
@example(method="GET", route="/c/{}/", segment="free-boris", query=b"\xff", headers={})
@example(method="POST", route="/confirm/{}", segment="x", query=b"\xff", headers={"host": b"testserver:x]"})
@example(method="GET", route="/static/{}", segment="css/site.css", query=b"", headers={"range": b"bytes=9-1"})
@example(method="POST", route="/confirm", segment="", query=b"", headers={"content-length": b"x"})
def test_any_path_query_and_header(
    visitor: Visitor,
    database: Database,
    method: str,
    route: str,
    segment: str,
    query: bytes,
    headers: dict[str, bytes],
) -> None:
    path = route.replace("{}", segment)
    raw_headers = [(name.encode(), value) for name, value in headers.items()]
    answer = visitor.send(method, path, query=query, headers=raw_headers)
    location = dict(answer.headers).get(b"location", b"http://testserver/")
    assert location.startswith((b"http://testserver", b"http://127.0.0.1:8000/", b"/"))
    assert not location.startswith(b"//")
    assert count_rows(database, Draft) == count_rows(database, Signature) == 0


@settings(max_examples=100)
@given(data=st.data())
def test_any_change_of_a_token_is_a_page(
    visitor: Visitor,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    data: st.DataObject,
) -> None:
    if count_rows(database, Draft) + count_rows(database, Signature) == 0:
        factories.sign(database, settings, campaign)
    with database.reading() as session:
        draft = session.scalars(select(Draft)).one_or_none() or session.scalars(select(Signature)).one()
    tokens = Tokens(settings.secret_keys)
    token = tokens.make("confirm", campaign.id, draft.id)
    position = data.draw(st.integers(0, len(token) - 1))
    replaced = data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=3))
    changed = token[:position] + replaced + token[position + data.draw(st.integers(0, 3)) :]
    if changed != token:
        for method in ("GET", "POST"):
            answer = visitor.send(method, f"/confirm/{changed}")
            if answer.status in (200, 303):  # base64 passes over what is no letter of it
                assert tokens.read("confirm", changed, utc_now()) == Named(campaign.id, draft.id)
            else:
                assert answer.status in (307, 404, 410)
    assert count_rows(database, Draft) + count_rows(database, Signature) == 1
