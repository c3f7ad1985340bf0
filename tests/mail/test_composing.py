import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from uuid import UUID

import pytest

from petitions.i18n import translator
from petitions.mail.composing import compose, envelope_address
from petitions.mail.transport import PermanentFailure
from petitions.templating import environment
from tests.mail.support import NOON, make_letter, make_settings

MAIL = UUID("01990000-0000-7000-8000-00000000abcd")
UNSUBSCRIBE = "https://petitions.example.org/signature/" + "token" * 30 + "/unsubscribe"
pytestmark = pytest.mark.usefixtures("greeting")


def compose_raw(**changes: object) -> bytes:
    return compose(MAIL, make_letter(**changes), make_settings(), NOON).as_bytes()


def received(**changes: object) -> EmailMessage:
    """The message as the recipient's program reads it."""
    message = message_from_bytes(compose_raw(**changes), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_headers_of_a_message() -> None:
    message = received()
    del message["Content-Type"]  # holds a random boundary
    assert dict(message) == {
        "From": "Statements <petitions@example.org>",
        "To": "ana@example.org",
        "Subject": "Hello from Statements",
        "Date": "Sun, 22 Nov 2026 12:00:00 +0000",
        "Message-ID": "<0199000000007000800000000000abcd@example.org>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": "en",
        "MIME-Version": "1.0",
    }


def test_message_is_text_and_html_of_the_same_words() -> None:
    message = received()
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert body(message, "plain") == "Hello Ana,\n\nhttps://petitions.example.org/confirm/abc\n"
    html = body(message, "html")
    assert '<html lang="en" dir="ltr">' in html
    assert "<p>Hello Ana,</p>" in html
    assert "Because you signed." in html


def test_button_has_its_plain_address_beneath_and_the_frame_no_image() -> None:
    html = body(received(), "html")
    links = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>', html)
    url = "https://petitions.example.org/confirm/abc"
    assert links == [(url, "Confirm"), (url, url), ("https://petitions.example.org", "Statements")]
    assert "<img" not in html
    assert "url(" not in html


def test_frame_of_arabic_runs_from_right_to_left(monkeypatch: pytest.MonkeyPatch) -> None:
    html = (
        environment(translator("ar"))
        .get_template("mail/layout.html")
        .render(language="ar", direction="rtl", subject="", sender_name="", base_url="")
    )
    assert '<html lang="ar" dir="rtl">' in html
    assert 'align="right"' in html
    assert 'align="left"' not in html


def test_language_without_a_catalogue_falls_back_to_english() -> None:
    assert received(language="xx")["Content-Language"] == "en"


def test_values_are_escaped_in_html_and_not_in_text() -> None:
    message = received(context={"name": "<b>Ana</b> & co", "url": "https://example.org/?a=1&b=2"})
    assert "Hello <b>Ana</b> & co," in body(message, "plain")
    assert "<p>Hello &lt;b&gt;Ana&lt;/b&gt; &amp; co,</p>" in body(message, "html")


def test_letter_may_choose_subject_sender_and_where_answers_go() -> None:
    message = received(subject="Свободу Борису", sender_name="Комитет, «Example»", reply_to="office@example.org")
    assert message["Subject"] == "Свободу Борису"
    assert message["From"].addresses[0].display_name == "Комитет, «Example»"
    assert message["From"].addresses[0].addr_spec == "petitions@example.org"
    assert message["Reply-To"] == "office@example.org"
    assert ">Комитет, «Example»</a>" in body(message, "html")  # a neutral sender is not undone by the footer


def test_unsubscribe_link_stays_in_one_piece() -> None:
    raw = compose_raw(unsubscribe_url=UNSUBSCRIBE).decode("ascii")
    assert f"\r\nList-Unsubscribe: <{UNSUBSCRIBE}>\r\n" in raw
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


@pytest.mark.parametrize(
    "url", ["https://x.org/>,<mailto:a@b.org", "https://x.org/\r\nBcc: a@b.org", "javascript:1"]
)
def test_unsubscribe_link_that_would_break_the_header_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        compose_raw(unsubscribe_url=url)


@pytest.mark.parametrize(
    "text",
    [
        "Free\r\nBcc: eve@example.org",
        "Free\nBcc: eve@example.org",
        "Free\u2028Bcc: eve@example.org",
        "Free\x00\x0b\x1eBcc: eve@example.org",
    ],
)
def test_line_breaks_cannot_start_a_header(text: str) -> None:
    message = received(subject=text, sender_name=text)
    assert message["Bcc"] is None
    assert message["Subject"] == "Free Bcc: eve@example.org"
    assert message["From"].addresses[0].display_name == "Free Bcc: eve@example.org"
    assert [address.addr_spec for address in message["From"].addresses] == ["petitions@example.org"]


@pytest.mark.parametrize(
    "name", ['Eve" <eve@example.org>, "', "eve@example.org,", "=?utf-8?q?=3Ceve=40example=2Eorg=3E?=", "Évё" * 60]
)
def test_sender_name_is_nothing_but_a_name(name: str) -> None:
    # Not the parser of the policy: it puts spaces between the encoded words of a long name.
    message = message_from_bytes(compose_raw(sender_name=name))
    assert [decoded(*pair) for pair in getaddresses([message["From"]])] == [(name, "petitions@example.org")]


def decoded(name: str, address: str) -> tuple[str, str]:
    return str(make_header(decode_header(name))), address


@pytest.mark.parametrize("subject", ["Свобода! " * 20, "=?utf-8?q?Hi?=", "自由" * 80, "word " * 39])
def test_long_and_foreign_subjects_survive_within_short_ascii_lines(subject: str) -> None:
    raw = compose_raw(subject=subject)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert raw.isascii()
    assert received(subject=subject)["Subject"] == " ".join(subject.split())[:200]


@pytest.mark.parametrize("text", ["Сто тысяч подписей " * 30, "mostly ASCII, “quoted” " * 30, "ascii " * 300])
def test_bodies_survive_within_short_ascii_lines(text: str) -> None:
    context = {"name": text.strip(), "url": "https://example.org/"}
    raw = compose_raw(context=context)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert raw.isascii()
    assert body(received(context=context), "plain").startswith(f"Hello {text.strip()},\n")


def test_long_address_stays_in_one_piece() -> None:
    address = "a" * 64 + "@" + "b" * 60 + "." + "c" * 60 + ".example.org"
    assert f"\r\nTo: {address}\r\n" in compose_raw(recipient=address).decode("ascii")


@pytest.mark.parametrize(
    ("address", "envelope"),
    [
        ("Ana.B+x@Example.org", "Ana.B+x@Example.org"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@faß.de", "ana@xn--fa-hia.de"),  # IDNA 2008: not fass.de
        ("ana@пример.испытание", "ana@xn--e1afmkfd.xn--80akhbyknj4f"),
        ("анна@пример.испытание", "анна@xn--e1afmkfd.xn--80akhbyknj4f"),
    ],
)
def test_domain_of_a_recipient_becomes_ascii(address: str, envelope: str) -> None:
    assert envelope_address(address) == envelope


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana",
        "@example.org",
        "ana@",
        "ana@exa mple.org",
        "ana@example.org\r\nBcc: eve@example.org",
        "ana\n@example.org",
        "eve@example.org,ana@example.org",
        "<ana@example.org>",
        "ana@example.org>",
        "Ana <ana@example.org>",
        "ana@-example.org",
        "ana@exämple..org",
        ".ana@example.org",
        "ana\u2028@example.org",
    ],
)
def test_what_is_no_address_gets_no_mail(address: str) -> None:
    with pytest.raises(PermanentFailure, match=r"^address_invalid$"):
        compose_raw(recipient=address)


def test_foreign_local_part_is_written_as_utf8() -> None:
    message = compose(MAIL, make_letter(recipient="анна@example.org", subject="Привет"), make_settings(), NOON)
    raw = message.as_bytes().decode("utf-8")
    assert "\r\nTo: анна@example.org\r\n" in raw
    parsed = message_from_bytes(message.as_bytes(), policy=policy.SMTPUTF8)
    assert parsed["Subject"] == "Привет"
