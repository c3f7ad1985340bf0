"""Jinja: one environment for each language of the interface, for pages and mails. Its texts are translated as a
template is compiled, for a page has fifty of them; `i18n` is its translator.
"""

import hashlib
from functools import cache, partial
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    nodes,
    select_autoescape,
)
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from petitions import markdown, paths
from petitions.i18n import Translator, language_name, text_direction


def _country_options(translator: Translator, chosen: str) -> Markup:
    """The options of a list of countries; made once, for 250 of them cost more than the rest of a page."""
    options = str(_all_country_options(translator))
    option = f'<option value="{escape(chosen)}"'
    return Markup(options.replace(f"{option}>", f"{option} selected>"))  # noqa: S704 - of our own making


@cache
def _all_country_options(translator: Translator) -> str:
    option = Markup('<option value="{}">{}</option>\n')
    return "".join(option.format(country.code, country.name) for country in translator.countries)


@cache
def static_url(name: str) -> str:
    """The address of a static file, with a digest of its content so that it can be cached for ever."""
    content = (paths.STATIC / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


class _Translating(NodeTransformer):
    """Puts the translation where a template calls gettext, as newstyle gettext does at every rendering."""

    def __init__(self, translator: Translator, *, markup: bool) -> None:
        self._translator = translator
        self._markup = markup

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802 - the name that Jinja looks for
        node = self.generic_visit(node)  # type: ignore[assignment]
        if not (isinstance(node.node, nodes.Name) and node.node.name in {"gettext", "_"}):
            return node
        (text,) = node.args
        assert isinstance(text, nodes.Const), "a text to translate has to stand in the template"
        translated = self._translator.gettext(text.value)
        words = Markup(translated) if self._markup else translated  # noqa: S704 - a text of ours
        if not node.kwargs:
            return nodes.Const(words % {}, lineno=node.lineno)
        values = [nodes.Pair(nodes.Const(value.key), value.value) for value in node.kwargs]
        return nodes.Mod(nodes.Const(words), nodes.Dict(values), lineno=node.lineno)


class _Environment(Environment):
    """One language's."""

    translator: Translator

    def compile(  # type: ignore[override]  # its overloads differ in one option, which goes through
        self, source: Any, name: Any = None, filename: Any = None, **options: Any
    ) -> Any:
        tree = self.parse(source, name, filename) if isinstance(source, str) else source
        assert callable(self.autoescape)
        _Translating(self.translator, markup=self.autoescape(name)).visit(tree)
        return super().compile(tree, name, filename, **options)


#: Where templates come from.
loader = ChoiceLoader([FileSystemLoader(paths.TEMPLATES)])


@cache
def environment(translator: Translator) -> Environment:
    """The templates in one language."""
    environment = _Environment(
        loader=loader,
        autoescape=select_autoescape(["html", "xml", "svg"]),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.translator = translator
    environment.install_gettext_callables(translator.gettext, translator.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.policies["ext.i18n.trimmed"] = True
    environment.filters |= {
        "translate": translator.translate,
        "number": translator.number,
        "date": translator.date,
        "moment": translator.moment,
        "country": translator.country,
        "markdown": markdown.render,
        "markdown_inline": markdown.render_inline,
        "markdown_plain": markdown.plain,
        "language_name": language_name,
        "direction": text_direction,
    }
    environment.globals |= {
        "i18n": translator,
        "static_url": static_url,
        "country_options": partial(_country_options, translator),
    }
    return environment


def render(template: str, translator: Translator, /, **context: Any) -> str:
    """Render a template in the translator's language."""
    return environment(translator).get_template(template).render(context)
