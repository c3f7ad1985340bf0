"""The form of the texts without a browser: what it takes can be published, and written into files."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from petitions.campaigns.content import Content, Texts, content_of, to_files
from petitions.console.text_forms import TextForm, plain_line, plain_lines, split_demands
from tests.factories import TERMS

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_written = st.text(st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"]), min_size=1, max_size=40)
_markdown = st.lists(
    _written
    | st.sampled_from(["", "# Title", "> Quote", "<!-- demands -->", "<!--x-->", "- item", "    code", "---"]),
    max_size=6,
).map("\r\n".join)


@given(_written, _written, _markdown, _markdown, _markdown)
@example("# Title", "> Quote", "> Quote\r\n\r\nText", "- One\r\n- ", "x")
@example("A", "B", "C", "1. 1. D", "")
def test_what_the_form_takes_can_be_published_and_exported(
    title: str, summary: str, body: str, demands: str, background: str
) -> None:
    form = TextForm(
        FormData(title=title, summary=summary, body=body, demands=demands, background=background, digest="")
    )
    if not form.validate():
        assert form.errors
        return
    texts = form.texts("")
    if not (texts.title and texts.summary and texts.body.strip()):
        return
    files = to_files("free-ana", Content("en", terms=TERMS, texts={"en": texts}), NOW)
    said = content_of(files).texts["en"]
    assert (said.title, said.body.strip()) == (texts.title, texts.body.strip())
    assert said.demands == texts.demands


@given(st.text())
def test_what_was_tidied_is_tidy(text: str) -> None:
    assert plain_line(plain_line(text)) == plain_line(text)
    assert plain_lines(plain_lines(text)) == plain_lines(text)
    assert "\r" not in plain_lines(text)
    demands = split_demands(plain_lines(text))
    assert all(demands)


def test_the_narrow_spaces_of_french_are_kept() -> None:
    assert plain_line(" Qui\u202f?\u00a0!\r\n Toi ") == "Qui\u202f?\u00a0! Toi"


def test_empty_texts() -> None:
    assert TextForm(FormData({})).texts("") == Texts()
