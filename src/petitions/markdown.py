"""Markdown to HTML that is safe to show: CommonMark in, a short list of elements out."""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_parser = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("strikethrough")
_parser.parse("*")  # makes its lists of rules, before threads do so at the same moment
_BLOCKS = {"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "hr", "br"}
_INLINE = {"em", "strong", "a", "s", "code"}


def _clean(html: str, tags: set[str]) -> Markup:
    return Markup(  # noqa: S704 - cleaned by nh3
        nh3.clean(
            html,
            tags=tags,
            attributes={"a": {"href", "title"}, "ol": {"start"}},
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener nofollow",
        )
    )


@lru_cache(maxsize=512)
def render(text: str, highest: int = 3) -> Markup:
    """Blocks. The highest heading of the text becomes `highest`, for the page's own come above it, and the
    others keep their distance."""
    return render_once(text, highest)


def render_once(text: str, highest: int = 3) -> Markup:
    """The same of a text that nobody will ask for again: it is not remembered."""
    tokens = _parser.parse(text)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    shift = highest - min((int(token.tag[1]) for token in headings), default=highest)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) + shift, 6)}"
    return _clean(_parser.renderer.render(tokens, _parser.options, {}), _BLOCKS | _INLINE)


@lru_cache(maxsize=1024)
def render_inline(text: str) -> Markup:
    """One line: emphasis and links only."""
    return _clean(_parser.renderInline(text), _INLINE)


@lru_cache(maxsize=512)
def plain(text: str) -> str:
    """The words alone, for mails and previews; paragraphs stay apart."""
    return "\n\n".join(
        "".join(_word(child.type, child.content) for child in token.children)
        for token in _parser.parse(text)
        if token.type == "inline" and token.children
    )


def _word(kind: str, content: str) -> str:
    return "\n" if kind in ("softbreak", "hardbreak") else content
