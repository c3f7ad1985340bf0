"""Which addresses of websites we take, and which mail addresses prove them."""

import time
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petitions.abuse.disposable import find_disposable
from petitions.mailboxes import owned_domain, registrable
from petitions.organisations.shared_sites import BY_NAME, BY_PATH, MAIL
from petitions.organisations.websites import MAX_URL, InvalidWebsite, check_website, is_proven


@pytest.mark.parametrize(
    ("text", "url", "domain"),
    [
        ("union.example", "https://union.example", "union.example"),
        ("  https://www.union.example/ ", "https://www.union.example", "union.example"),
        ("HTTP://Union.Example:80/About", "http://union.example/About", "union.example"),
        ("union.example:443", "https://union.example", "union.example"),
        ("union.example.", "https://union.example", "union.example"),
        (
            "https://union.example/über?q=ö&r=%41#top",
            "https://union.example/%C3%BCber?q=%C3%B6&r=%41",
            "union.example",
        ),
        ('https://union.example/"><b>%zz', "https://union.example/%22%3E%3Cb%3E%25zz", "union.example"),
        ("https://fedi.example/@union", "https://fedi.example/@union", "fedi.example"),
        ("local506.union.co.uk", "https://local506.union.co.uk", "union.co.uk"),
        ("münchen.example", "https://xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("профсоюз.рф", "https://xn--g1anacfhu6f.xn--p1ai", "xn--g1anacfhu6f.xn--p1ai"),
        ("профсоюз.com", "https://xn--g1anacfhu6f.com", "xn--g1anacfhu6f.com"),
        ("сосо.рф", "https://xn--n1aahb.xn--p1ai", "xn--n1aahb.xn--p1ai"),  # where nobody reads Latin
        ("اتحاد.com", "https://xn--mgbaiml.com", "xn--mgbaiml.com"),
        ("例え.jp", "https://xn--r8jz45g.jp", "xn--r8jz45g.jp"),
        ("union。example", "https://union.example", "union.example"),
        # Sites that give away names: everybody has their own.
        ("a.github.io", "https://a.github.io", "a.github.io"),
        ("www.union.blogspot.com", "https://www.union.blogspot.com", "union.blogspot.com"),
        ("union.wordpress.com", "https://union.wordpress.com", "union.wordpress.com"),
        ("en.union.noblogs.org", "https://en.union.noblogs.org", "union.noblogs.org"),
        # Sites on which many have a page: the name says nothing.
        ("facebook.com/union", "https://facebook.com/union", None),
        ("m.facebook.com/union", "https://m.facebook.com/union", None),
        ("https://t.me/union", "https://t.me/union", None),
        ("https://sites.google.com/view/union", "https://sites.google.com/view/union", None),
        ("www.wordpress.com", "https://www.wordpress.com", None),
        ("wordpress.com/union", "https://wordpress.com/union", None),
        ("github.io", "https://github.io", None),
        ("unionunionunion.onion", "https://unionunionunion.onion", None),
    ],
)
def test_a_website_has_one_spelling_and_one_domain(text: str, url: str, domain: str | None) -> None:
    website = check_website(text)
    assert (website.url, website.domain) == (url, domain)
    assert check_website(url) == website


_NO_ADDRESS, _OTHER_SCHEME = "This is no address of a website.", "We link to websites only:"
_PASSWORD, _PORT = "An address with a user name", "An address with a number for the port"
_NOT_PUBLIC, _HOMOGRAPH, _TOO_LONG = (
    "This address leads to no public",
    "The name of this site mixes",
    "This address is",
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", _NO_ADDRESS),
        ("https://", _NO_ADDRESS),
        ("//union.example", _NO_ADDRESS),
        ("https:/union.example", _NO_ADDRESS),
        ("union example.org", _NO_ADDRESS),
        ("union.exam\tple", _NO_ADDRESS),
        ("union.exam\nple", _NO_ADDRESS),
        ("https://bank.example\\@evil.example", _NO_ADDRESS),
        ("https://bank.example／@evil.example", _NO_ADDRESS),
        ("https://bank.example＠evil.example", _NO_ADDRESS),
        ("bank\u202e.example", _NO_ADDRESS),
        ("ba\u200bnk.example", _NO_ADDRESS),
        ("a..example", _NO_ADDRESS),
        ("-a.example", _NO_ADDRESS),
        ("a_b.example", _NO_ADDRESS),
        ("https://%62ank.example", _NO_ADDRESS),
        ("xn--zzzz99999.example", _NO_ADDRESS),
        ("http://[::1", _NO_ADDRESS),
        ("javascript:alert(1)", _OTHER_SCHEME),
        ("JavaScript://union.example/%0aalert(1)", _OTHER_SCHEME),
        ("data:text/html,<script>", _OTHER_SCHEME),
        ("ftp://union.example", _OTHER_SCHEME),
        ("mailto:office@union.example", _OTHER_SCHEME),
        ("file:///etc/passwd", _OTHER_SCHEME),
        ("https://ana:secret@union.example", _PASSWORD),
        ("https://bank.example@evil.example", _PASSWORD),
        ("https://bank.example%40evil.example", _PASSWORD),
        ("office@union.example", _PASSWORD),
        ("https://@union.example", _PASSWORD),
        ("union.example:8080", _PORT),
        ("http://union.example:443", _PORT),
        ("127.0.0.1", _NOT_PUBLIC),
        ("http://[::1]/", _NOT_PUBLIC),
        ("http://2130706433/", _NOT_PUBLIC),
        ("http://0x7f.1/", _NOT_PUBLIC),
        ("http://127.1/", _NOT_PUBLIC),
        ("http://１２７.０.０.１/", _NOT_PUBLIC),
        ("http://union.example.0x1f/", _NOT_PUBLIC),
        ("localhost", _NOT_PUBLIC),
        ("printer.local", _NOT_PUBLIC),
        ("wiki.internal", _NOT_PUBLIC),
        ("union", _NOT_PUBLIC),
        ("раураl.com", _HOMOGRAPH),  # a Latin l at the end
        ("pаypal.com", _HOMOGRAPH),
        ("xn--pypal-4ve.com", _HOMOGRAPH),
        ("www.сосо.com", _HOMOGRAPH),
        ("росс.com", _HOMOGRAPH),
        ("οχι.com", _HOMOGRAPH),
        ("ɡoogle.com", _HOMOGRAPH),
        ("unioո.example", _HOMOGRAPH),
        ("ꓮꓑꓑꓡꓰ.com", _HOMOGRAPH),  # Lisu
        ("ꭺꮇꮻ.com", _HOMOGRAPH),  # Cherokee
        ("ⲟⲣⲟ.com", _HOMOGRAPH),  # Coptic
        ("ᑭᗩᑭᗩ.com", _HOMOGRAPH),  # Canadian syllabics
        (f"union.example/{'a' * MAX_URL}", _TOO_LONG),
        (f"union.example/{'ü' * 60}", _TOO_LONG),
        ("a" * 100_000, _TOO_LONG),
    ],
)
def test_what_we_do_not_link_to_is_refused_and_says_why(text: str, problem: str) -> None:
    with pytest.raises(InvalidWebsite) as refused:
        check_website(text)
    assert str(refused.value.problem).startswith(problem)


_labels = st.text("abcxyz0159-éüßжаос字ا", min_size=1, max_size=8)
_texts = st.text(max_size=40) | st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "http://", "https://", "HTTPS://", "ftp://", "https:\\\\", "//", "javascript:"]),
    st.lists(_labels, min_size=1, max_size=4).map(".".join),
    st.sampled_from(
        ["", ".com", ".co.uk", ".рф", ".example", ".github.io", ".", ":80", ":443", "@x.example", "%40a.b"]
    ),
    st.text(max_size=20).map("/{}".format)
    | st.sampled_from(["", "/", "?", "?a=b", "#c", "/?#", "//x", "/%", "/%2F"]),
)


@given(_texts)
@example("https://union.example?#")
@example("https://a.example//b.example")
@example("https://ß.example")
def test_whatever_is_taken_is_one_plain_address(text: str) -> None:
    try:
        website = check_website(text)
    except InvalidWebsite:
        return
    assert check_website(website.url) == website
    assert website.url.isascii()
    assert website.url.isprintable()
    assert len(website.url) <= MAX_URL
    assert not set(website.url) & set(" \"'<>\\^`{|}")
    parts = urlsplit(website.url)
    assert parts.scheme in ("http", "https")
    assert (parts.username, parts.password, parts.port, parts.fragment) == (None, None, None, "")
    assert parts.hostname == parts.netloc
    assert "." in parts.netloc
    if website.domain is not None:
        assert f".{parts.netloc}".endswith(f".{website.domain}")
        assert is_proven(f"office@{parts.netloc}", website.domain) or find_disposable(parts.netloc)
        assert not is_proven(f"office@{website.domain}.evil.example", website.domain)
        assert not is_proven(f"{website.domain}@evil.example", website.domain)


@pytest.mark.parametrize(
    ("email", "domain", "proven"),
    [
        ("office@union.example", "union.example", True),
        ("Office@Mail.Union.Example", "union.example", True),
        ("office@münchen.example", "xn--mnchen-3ya.example", True),
        ("office@local506.union.co.uk", "union.co.uk", True),
        ("office@a.github.io", "a.github.io", True),
        ("office@other.example", "union.example", False),
        ("office@union.example.evil.example", "union.example", False),
        ("office@b.github.io", "a.github.io", False),
        ("office@github.io", "a.github.io", False),
        ("office@co.uk", "union.co.uk", False),
        ("office@union.example", None, False),
        # Whoever has a mailbox at a provider has not its site.
        ("somebody@gmail.com", "gmail.com", False),
        ("somebody@riseup.net", "riseup.net", False),
        ("somebody@mail.posteo.de", "posteo.de", False),
        ("somebody@facebook.com", "facebook.com", False),
        ("somebody@mail.de", "mail.de", False),
        ("somebody@cock.li", "cock.li", False),
        ("somebody@dismail.de", "dismail.de", False),
        ("somebody@ik.me", "ik.me", False),
        ("somebody@netcourrier.com", "netcourrier.com", False),
        ("somebody@kolabnow.com", "kolabnow.com", False),
        ("somebody@mailinator.com", "mailinator.com", False),
        ("somebody@in.mailinator.com", "mailinator.com", False),
        # Anybody makes a list, and has its address.
        ("union@lists.riseup.net", "lists.riseup.net", False),
        ("union@groups.io", "groups.io", False),
        ("office@union.wordpress.com", "union.wordpress.com", False),
    ],
)
def test_a_mail_address_proves_the_domain_it_is_at(email: str, domain: str | None, proven: bool) -> None:
    assert is_proven(email, domain) is proven


def test_mailboxes_are_still_counted_by_the_site_that_gives_names_away() -> None:
    assert registrable("a.github.io") == registrable("b.github.io") == "github.io"
    assert owned_domain("mail.a.github.io") == "a.github.io"
    assert owned_domain("github.io") is owned_domain("co.uk") is owned_domain("com") is owned_domain("") is None


def test_the_lists_of_shared_sites_are_of_names_as_they_are_compared() -> None:
    for site in BY_PATH | BY_NAME:
        assert check_website(site).url == f"https://{site}"
        assert check_website(site).domain is None


def test_hosts_of_mailboxes_for_everybody_prove_nothing() -> None:
    for host in MAIL:
        website = check_website(host)
        assert website.url == f"https://{host}"
        assert not is_proven(f"office@{host}", website.domain)
        assert not is_proven(f"office@mail.{host}", website.domain)
    # The others are not touched.
    assert is_proven("office@verdi.de", check_website("www.verdi.de").domain)
    assert is_proven("office@mitglied.verdi.de", "verdi.de")  # whoever has that is for a lead to know


def test_the_nastiest_address_takes_no_time() -> None:
    started = time.perf_counter()
    for text in ("é" * 1_200, "a." * 600, "%" * 1_200, "xn--" * 300, "https://" * 150, ".".join("ж" * 600)):
        with pytest.raises(InvalidWebsite):
            check_website(text)
    assert time.perf_counter() - started < 1.0
