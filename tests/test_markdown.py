"""Markdown in, HTML that is safe to show out."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from petitions.markdown import _clean, plain, render, render_inline

BLOCKS = {"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "hr", "br"}
INLINE = {"em", "strong", "a", "s", "code"}
ATTRIBUTES = {"a": {"href", "title", "rel"}, "ol": {"start"}}


class Elements(HTMLParser):
    """Every element of a piece of HTML, with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.found.append(("<!--", {}))

    def handle_decl(self, decl: str) -> None:
        self.found.append(("<!", {}))

    def handle_pi(self, data: str) -> None:
        self.found.append(("<?", {}))


def check(html: str, allowed: set[str]) -> None:
    """Only elements and attributes that can do no harm."""
    for tag, attributes in Elements(html).found:
        assert tag in allowed, html
        assert set(attributes) <= ATTRIBUTES.get(tag, set()), html
        href = attributes.get("href")
        if href is not None:
            bare = "".join(c for c in href if c > " ")
            assert urlsplit(bare).scheme in ("http", "https", "mailto", ""), html
        if tag == "a" and href is not None:
            assert attributes["rel"] == "noopener nofollow"


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](https://example.org/pixel.gif)",
    '[x](https://example.org "\\" onmouseover=\\"alert(1)")',
    "<svg/onload=alert(1)>",
    "<iframe src=//example.org>",
    "<style>*{display:none}</style>",
    "<form action=//example.org><input name=q>",
    "<p onclick=alert(1)>x</p>",
    "<!-- x --><![CDATA[ x ]]><?php ?>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "`<script>`",
    "```\n<script>\n```",
    "[x]: javascript:alert(1)\n\n[x]",
    "<https://example.org/<script>>",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_attacks_come_to_nothing(text: str) -> None:
    check(render(text), BLOCKS | INLINE)
    check(render_inline(text), INLINE)


_pieces = st.sampled_from(
    [
        *ATTACKS,
        "<",
        ">",
        "[",
        "](",
        ")",
        "*",
        "**",
        "_",
        "`",
        "#",
        "\n",
        "> ",
        "- ",
        '"',
        "'",
        "&",
        ";",
        "\\",
        "~~",
        "<a ",
    ]
)


@given(st.text(max_size=60) | st.lists(_pieces | st.text(max_size=3), max_size=12).map("".join))
@hypothesis_settings(max_examples=300)
def test_any_text_is_safe_to_show(text: str) -> None:
    check(render(text), BLOCKS | INLINE)
    check(render_inline(text), INLINE)
    plain(text)


def test_the_second_guard_holds_where_the_first_is_passed() -> None:
    """markdown-it lets no such link through; nh3 would not either."""
    for attack in ("<script>x</script>", '<a href="javascript:x" onclick="x">y</a>', '<img src="x" onerror="x">'):
        check(_clean(attack, BLOCKS | INLINE), BLOCKS | INLINE)


def test_the_marks_of_markdown() -> None:
    assert render("He **spoke** *freely*, ~~not~~ `so`.\nAnd\\\nmore.") == (
        "<p>He <strong>spoke</strong> <em>freely</em>, <s>not</s> <code>so</code>.\nAnd<br>\nmore.</p>\n"
    )
    assert render("- a\n- b\n\n3. c\n\n> d\n\n---") == (
        '<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<ol start="3">\n<li>c</li>\n</ol>\n'
        "<blockquote>\n<p>d</p>\n</blockquote>\n<hr>\n"
    )
    assert render("[us](https://example.org/a?b=1&c=2)") == (
        '<p><a href="https://example.org/a?b=1&amp;c=2" rel="noopener nofollow">us</a></p>\n'
    )


def test_headings_sink_below_those_of_the_page_and_keep_their_distance() -> None:
    text = "\n\n".join(f"{'#' * level} H{level}" for level in range(1, 7))
    assert render(text) == "".join(f"<h{sunk}>H{n}</h{sunk}>\n" for n, sunk in enumerate([3, 4, 5, 6, 6, 6], 1))
    assert render("Title\n===") == "<h3>Title</h3>\n"
    assert render("### One\n\n#### Two") == "<h3>One</h3>\n<h4>Two</h4>\n"
    assert render("##### One\n\n###### Two", 2) == "<h2>One</h2>\n<h3>Two</h3>\n"


def test_one_line_has_no_blocks() -> None:
    assert render_inline("# *His* release") == "# <em>His</em> release"
    assert render_inline("1 < 2 & 3") == "1 &lt; 2 &amp; 3"


def test_the_words_alone() -> None:
    text = "## Who\n\nHe **spoke** [freely](https://example.org),\nalways\\\nand `so`.\n\n1. One\n2. *Two*\n"
    assert plain(text) == "Who\n\nHe spoke freely,\nalways\nand so.\n\nOne\n\nTwo"
    assert plain("") == ""
    assert plain("1 < 2 & 3 &amp; 4") == "1 < 2 & 3 & 4"
