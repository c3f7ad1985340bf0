"""Templates: texts in the reader's language, values escaped where the page is HTML and nowhere else."""

import pytest
from jinja2 import DictLoader, StrictUndefined, UndefinedError

from petitions.i18n import LANGUAGES, translator
from petitions.templating import environment, loader, render

FILES = {
    "whole.html": "{% trans %}Skip to the content{% endtrans %}",
    "value.html": "{% trans name=name %}Goal: {{ name }}{% endtrans %}",
    "value.txt": "{% trans name=name %}Goal: {{ name }}{% endtrans %}",
    "called.html": "{% set words = _('Save') %}<b title='{{ words }}'>{{ words ~ name }}</b>",
    "many.html": "{% trans n=n %}{{ n }} & one{% pluralize n %}{{ n }} & many{% endtrans %}",
    "many.txt": "{% trans n=n %}{{ n }} & one{% pluralize n %}{{ n }} & many{% endtrans %}",
    "whose.html": "{% trans n=n, who=who %}{{ n }}: {{ who }}{% pluralize n %}{{ n }}: {{ who }}{% endtrans %}",
    "twice.html": "{% trans a=a, b=b %}100 % {{ a }}, {{ b }}, {{ a }}%{% endtrans %} {{ b }}",
    "rows.html": (
        "{% macro cell(text, more='') %}<i>{{ text }}{{ more }}</i>{% endmacro %}"
        "{% macro boxed() %}<p>{{ caller() }}</p>{% endmacro %}"
        "{% for row in rows %}"
        "{% for text in row %}{{ loop.index }}{{ cell(text) }}{% else %}-{% endfor %};"
        "{% endfor %}"
        "{% call boxed() %}{{ rows[0][0]|upper }}{% endcall %}"
        "{{ cell(more='b', text='a') }}{{ cell('<').upper() }}"
    ),
    "above.html": "<{% block one %}1{% endblock %}>",
    "below.html": (
        "{% extends 'above.html' %}"
        "{% block one %}{% for n in (2, 3) %}{{ n }}{{ super() }}{% endfor %}{% endblock %}"
    ),
    "missing.html": "{% trans name=nobody %}Goal: {{ name }}{% endtrans %}",
    "macros.html": "{% macro words() %}{{ i18n.language }} {% trans %}Save{% endtrans %}{% endmacro %}",
    "imports.html": "{% import 'macros.html' as m %}{{ m.words() }}",
}
SPITEFUL = 'Tom & <b>"Ana"</b> O\'Brien 100 %'


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "loaders", [DictLoader(FILES), *loader.loaders])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_in_the_readers_language(language: str) -> None:
    words = translator(language)
    assert render("whole.html", words) == words.gettext("Skip to the content")
    assert render("imports.html", words) == f"{language} {words.gettext('Save')}"


def test_languages_do_not_mix_whoever_comes_first() -> None:
    seen = {render("whole.html", translator(language)) for language in (*LANGUAGES, *reversed(LANGUAGES))}
    assert len(seen) == len(LANGUAGES)
    assert environment(translator("en")) is environment(translator("en"))


def test_values_are_escaped_in_pages_and_stay_as_they_are_in_plain_text() -> None:
    words = translator("en")
    assert render("value.html", words, name=SPITEFUL) == (
        "Goal: Tom &amp; &lt;b&gt;&#34;Ana&#34;&lt;/b&gt; O&#39;Brien 100 %"
    )
    assert render("value.txt", words, name=SPITEFUL) == f"Goal: {SPITEFUL}"
    assert '<b>"Ana' not in render("called.html", words, name=SPITEFUL)


def test_plurals_follow_the_number() -> None:
    assert render("many.html", translator("en"), n=1) == "1 & one"
    assert render("many.html", translator("en"), n=2) == "2 & many"


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_take_values_of_every_kind(language: str) -> None:
    words = translator(language)
    assert render("whose.html", words, n=1, who=SPITEFUL) == (
        "1: Tom &amp; &lt;b&gt;&#34;Ana&#34;&lt;/b&gt; O&#39;Brien 100 %"
    )
    assert render("many.txt", words, n=1) == "1 & one"


def test_a_text_may_show_a_value_twice_and_percents() -> None:
    shown = render("twice.html", translator("en"), a="<a>", b=SPITEFUL)
    spite = "Tom &amp; &lt;b&gt;&#34;Ana&#34;&lt;/b&gt; O&#39;Brien 100 %"
    assert shown == f"100 % &lt;a&gt;, {spite}, &lt;a&gt;% {spite}"


def test_loops_and_macros_show_everything_in_its_order() -> None:
    words = translator("en")
    assert render("rows.html", words, rows=[["a", "<b>"], [], ["&"]]) == (
        "1<i>a</i>2<i>&lt;b&gt;</i>;-;1<i>&amp;</i>;<p>A</p><i>ab</i><I>&LT;</I>"
    )
    assert render("rows.html", words, rows=[[SPITEFUL]]).count("<b>") == 0
    assert render("below.html", words) == "<2131>"


def test_a_value_that_is_not_given_is_an_error() -> None:
    assert environment(translator("en")).undefined is StrictUndefined
    with pytest.raises(UndefinedError):
        render("missing.html", translator("en"))
