"""Jinja: one environment for pages and mails; the language is a value of the context, named `i18n`."""

import hashlib
from functools import cache, lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup, escape

from petitions import markdown, paths
from petitions.i18n import Translator, language_name, text_direction


@pass_context
def _gettext(context: Context, text: str, /, **values: Any) -> str:
    """What Jinja's newstyle gettext does, but each text is looked up and marked once: a page has fifty."""
    translated = _translated(_translator(context), text, context.eval_ctx.autoescape)
    return translated % values


@lru_cache(maxsize=16_384)
def _translated(translator: Translator, text: str, markup: bool) -> str:
    translated = translator.gettext(text)
    return Markup(translated) if markup else translated  # noqa: S704 - a text of ours; its values are escaped


@pass_context
def _ngettext(context: Context, one: str, many: str, number: int) -> str:
    return _translator(context).ngettext(one, many, number)


@pass_context
def _translate(context: Context, message: str) -> str:
    return _translator(context).translate(message)


@pass_context
def _number(context: Context, number: int) -> str:
    return _translator(context).number(number)


@pass_context
def _date(context: Context, moment: Any) -> str:
    return _translator(context).date(moment)


@pass_context
def _moment(context: Context, moment: Any) -> str:
    return _translator(context).moment(moment)


@pass_context
def _country(context: Context, code: str) -> str:
    return _translator(context).country(code)


@pass_context
def _country_options(context: Context, chosen: str) -> Markup:
    """The options of a list of countries; made once, for 250 of them cost more than the rest of a page."""
    options = str(_all_country_options(_translator(context)))
    option = f'<option value="{escape(chosen)}"'
    return Markup(options.replace(f"{option}>", f"{option} selected>"))  # noqa: S704 - of our own making


@cache
def _all_country_options(translator: Translator) -> str:
    option = Markup('<option value="{}">{}</option>\n')
    return "".join(option.format(country.code, country.name) for country in translator.countries)


def _translator(context: Context) -> Translator:
    translator = context["i18n"]
    assert isinstance(translator, Translator)
    return translator


@cache
def static_url(name: str) -> str:
    """The address of a static file, with a digest of its content so that it can be cached for ever."""
    content = (paths.STATIC / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def _make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(paths.TEMPLATES),
        autoescape=select_autoescape(["html", "xml", "svg"]),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.install_gettext_callables(lambda text: text, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.policies["ext.i18n.trimmed"] = True
    environment.filters |= {
        "translate": _translate,
        "number": _number,
        "date": _date,
        "moment": _moment,
        "country": _country,
        "markdown": markdown.render,
        "markdown_inline": markdown.render_inline,
        "markdown_plain": markdown.plain,
        "language_name": language_name,
        "direction": text_direction,
    }
    environment.globals |= {"gettext": _gettext, "_": _gettext}
    environment.globals |= {"static_url": static_url, "country_options": _country_options}
    return environment


environment = _make_environment()


def render(template: str, translator: Translator, /, **context: Any) -> str:
    """Render a template in the translator's language."""
    return environment.get_template(template).render(i18n=translator, **context)
