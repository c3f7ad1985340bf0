"""Jinja: one environment for each language of the interface, for pages and mails. Its texts are translated as a
template is compiled, for a page has fifty of them; `i18n` is its translator.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import groupby
from types import BuiltinMethodType, MethodType
from typing import Any, TypeGuard, cast

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    nodes,
    select_autoescape,
)
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro
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
        if isinstance(node.node, nodes.Name) and node.node.name == "ngettext":
            node.node = nodes.EnvironmentAttribute("plural_markup" if self._markup else "plural")
        if not self._is_text(node):
            return node
        words = self._words(node)
        if not node.kwargs:
            return nodes.Const(words % {}, lineno=node.lineno)
        values = [nodes.Pair(nodes.Const(value.key), value.value) for value in node.kwargs]
        return nodes.Mod(nodes.Const(words), nodes.Dict(values), lineno=node.lineno)

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Expr:  # noqa: N802
        """The language stands in every link."""
        if isinstance(node.node, nodes.Name) and (node.node.name, node.attr) == ("i18n", "language"):
            return nodes.Const(self._translator.language, lineno=node.lineno)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_Output(self, node: nodes.Output) -> nodes.Output:  # noqa: N802
        """Where a text is shown at once, its values stand between its parts: Markup's % is slow."""
        shown: list[nodes.Expr] = []
        for child in node.nodes:
            if self._is_text(child) and child.kwargs:
                values = {value.key: self.visit(value.value) for value in child.kwargs}
                shown += _in_parts(self._words(child), values, child.lineno)
            else:
                shown.append(self.visit(child))
        node.nodes = shown
        return node

    def _is_text(self, node: nodes.Node) -> TypeGuard[nodes.Call]:
        called = node.node if isinstance(node, nodes.Call) else None
        return isinstance(called, nodes.Name) and called.name in {"gettext", "_"}

    def _words(self, call: nodes.Call) -> str:
        (text,) = call.args
        assert isinstance(text, nodes.Const), "a text to translate has to stand in the template"
        translated = self._translator.gettext(text.value)
        return Markup(translated) if self._markup else translated  # noqa: S704 - a text of ours


_PLACEHOLDER = re.compile(r"%(?:%|\((\w+)\)s)")


def _in_parts(words: str, values: Mapping[str, nodes.Expr], line: int) -> Iterator[nodes.Expr]:
    """What % would put together."""
    begin = 0
    for found in _PLACEHOLDER.finditer(words):
        yield nodes.TemplateData(str(words[begin : found.start()]), lineno=line)
        yield values[found[1]] if found[1] else nodes.TemplateData("%", lineno=line)
        begin = found.end()
    yield nodes.TemplateData(str(words[begin:]), lineno=line)


def _join_outputs(tree: nodes.Template) -> None:
    """What is shown one after the other is shown at once, for each piece goes up through all the templates that a
    page extends."""
    for node in (tree, *tree.find_all(nodes.Node)):
        for name, children in node.iter_fields():
            if isinstance(children, list) and any(isinstance(child, nodes.Output) for child in children):
                setattr(node, name, list(_joined(children)))


def _joined(children: Sequence[nodes.Node]) -> Iterator[nodes.Node]:
    for kind, run in groupby(children, type):
        if kind is nodes.Output:
            shown = cast("list[nodes.Output]", list(run))
            shown[0].nodes = [part for each in shown for part in each.nodes]
            yield shown[0]
        else:
            yield from run


class _Generator(CodeGenerator):
    """What a loop shows is put together before it goes up through the templates that a page extends."""

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802
        if frame.buffer is not None:
            super().visit_For(node, frame)
            return
        within = frame.copy()
        self.buffer(within)
        super().visit_For(node, within)
        self.simple_write(f"concat({within.buffer})", frame)


class _Context(Context):
    """Jinja looks whether something wants the context before it calls it; methods and macros of ours do not."""

    def call(self, called: Any, /, *values: Any, **named: Any) -> Any:
        kind = type(called)
        if kind not in (Macro, MethodType, BuiltinMethodType):
            return super().call(called, *values, **named)
        named.pop("_loop_vars", None)
        named.pop("_block_vars", None)
        return called(self.eval_ctx, *values, **named) if kind is Macro else called(*values, **named)


class _Environment(Environment):
    """One language's."""

    translator: Translator
    code_generator_class = _Generator
    context_class = _Context

    def plural(self, one: str, many: str, number: int, **values: Any) -> str:
        """The text for so many."""
        return self.translator.ngettext(one, many, number) % {"num": number, **values}

    def plural_markup(self, one: str, many: str, number: int, **values: Any) -> str:
        """The same in a page."""
        return Markup(self.translator.ngettext(one, many, number)) % {"num": number, **values}  # noqa: S704 - ours

    def compile(  # type: ignore[override]  # its overloads differ in one option, which goes through
        self, source: Any, name: Any = None, filename: Any = None, **options: Any
    ) -> Any:
        tree = self.parse(source, name, filename) if isinstance(source, str) else source
        assert callable(self.autoescape)
        _Translating(self.translator, markup=self.autoescape(name)).visit(tree)
        _join_outputs(tree)
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
