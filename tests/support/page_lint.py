"""What must hold on every page anybody fetches; the test client calls ``lint_page`` on each.

A rule is a generator over the parsed page that yields sentences. All run, so that one look at a
red test shows everything. Each rule is proven able to fail in tests/views/test_page_lint.py.
"""

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from xml.etree.ElementTree import Element

import html5lib
from html5lib.constants import E as PARSE_ERRORS

HEAVY_BYTES = 30 * 1024
LANGUAGES = {"pt-BR", "en"}
UNLABELLED_TYPES = {"hidden", "submit", "button", "reset", "image"}
HANDLER = re.compile(r"^(on[a-z]+|(data-)?hx-on)")


class HeavyPage(UserWarning):
    """More than 30 KB of HTML: worth a look, not worth a red test."""


@dataclass(frozen=True)
class Page:
    """A parsed page: the root, its elements in order, each one's parent."""

    root: Element

    @cached_property
    def elements(self) -> list[Element]:
        return [element for element in self.root.iter() if isinstance(element.tag, str)]

    @cached_property
    def parents(self) -> dict[Element, Element]:
        return {child: parent for parent in self.elements for child in parent}

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def is_inside(self, element: Element, tag: str) -> bool:
        while element in self.parents:
            element = self.parents[element]
            if element.tag == tag:
                return True
        return False


Rule = Callable[[Page], Iterator[str]]


def lint_page(html: str, *, url: str) -> list[str]:
    """Everything wrong with a whole page, each with its address; empty when all is well."""
    if len(html.encode()) > HEAVY_BYTES:
        warnings.warn(f"{url}: {len(html.encode()) / 1024:.1f} KB of HTML", HeavyPage, stacklevel=2)
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    return _problems(Page(parser.parse(html)), parser, PAGE_RULES + PART_RULES, url=url)


def lint_fragment(html: str, *, url: str) -> list[str]:
    """The same for a fragment (a live block): without the rules about the whole document."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    return _problems(Page(parser.parseFragment(html)), parser, PART_RULES, url=url)


def _problems(page: Page, parser: html5lib.HTMLParser, rules: tuple[Rule, ...], *, url: str) -> list[str]:
    found = [_parse_error(*error) for error in parser.errors]
    found += [sentence for rule in rules for sentence in rule(page)]
    return [f"{url}: {sentence}" for sentence in found]


def _parse_error(position: tuple[int, int], code: str, details: dict[str, object]) -> str:
    return f"line {position[0]}: {PARSE_ERRORS[code] % details}"


def one_heading(page: Page) -> Iterator[str]:
    count = len(page.all("h1"))
    if count != 1:
        yield f"{count} h1 elements, a page has one"


def a_title(page: Page) -> Iterator[str]:
    titles = [name_of(title) for title in page.all("title") if not page.is_inside(title, "svg")]
    own_words = titles[0].partition("·")[0].strip() if titles else ""
    if not own_words:
        yield "the title has no words of its own"


def a_language(page: Page) -> Iterator[str]:
    if page.root.get("lang") not in LANGUAGES:
        yield f"lang is {page.root.get('lang')!r}, not one of {sorted(LANGUAGES)}"


def one_primary_button(page: Page) -> Iterator[str]:
    primary = [name_of(element) for element in page.elements if "btn-primary" in classes(element)]
    if len(primary) > 1:
        yield f"{len(primary)} primary buttons, a page has one: {primary}"


def nothing_inline(page: Page) -> Iterator[str]:
    for element in page.elements:
        for attribute, value in element.attrib.items():
            if attribute == "style" or HANDLER.match(str(attribute)):
                yield f"inline {attribute} on <{element.tag}>"
            if value.strip().lower().startswith("javascript:"):
                yield f"javascript: address on <{element.tag}>"
        if element.tag == "style" or (element.tag == "script" and not element.get("src")):
            yield f"inline <{element.tag}>"


def unique_ids(page: Page) -> Iterator[str]:
    counts = Counter(element.get("id") for element in page.elements if element.get("id") is not None)
    for name, count in counts.items():
        if count > 1 or not name:
            yield f"id {name!r} is used {count} times"


def references_exist(page: Page) -> Iterator[str]:
    ids = {element.get("id") for element in page.elements}
    for element in page.elements:
        for attribute in ("for", "aria-describedby", "aria-labelledby", "popovertarget"):
            missing = [name for name in element.get(attribute, "").split() if name not in ids]
            if missing:
                yield f"{attribute} on <{element.tag}> points at nothing: {missing}"


def labelled_inputs(page: Page) -> Iterator[str]:
    labelled = {label.get("for") for label in page.all("label") if name_of(label)}
    for element in page.all("input", "select", "textarea"):
        if element.get("type") in UNLABELLED_TYPES or element.get("aria-label"):
            continue
        has_label = element.get("id") in labelled - {None} or element.get("aria-labelledby")
        if not has_label and not page.is_inside(element, "label"):
            yield f"<{element.tag} name={element.get('name')!r}> has no label"


def guarded_posts(page: Page) -> Iterator[str]:
    for form in page.all("form"):
        if form.get("method", "get").lower() != "post":
            continue
        tokens = [field.get("value") for field in form.iter("input") if field.get("name") == "csrf_token"]
        if not any(tokens):
            yield f"POST form to {form.get('action')!r} has no csrf_token"


def described_images(page: Page) -> Iterator[str]:
    for image in page.all("img"):
        if image.get("alt") is None:
            yield f"<img src={image.get('src')!r}> has no alt"


def named_buttons(page: Page) -> Iterator[str]:
    for button in page.all("button"):
        if not name_of(button):
            yield f"a button has no text (class {button.get('class')!r})"


def useful_links(page: Page) -> Iterator[str]:
    for link in page.all("a"):
        if not name_of(link):
            yield f"the link to {link.get('href')!r} has no text"
        if not (link.get("href") or "").strip():
            yield f"the link {name_of(link)!r} goes nowhere"


PAGE_RULES: tuple[Rule, ...] = (one_heading, a_title, a_language, one_primary_button)
PART_RULES: tuple[Rule, ...] = (
    nothing_inline,
    unique_ids,
    references_exist,
    labelled_inputs,
    guarded_posts,
    described_images,
    named_buttons,
    useful_links,
)


def classes(element: Element) -> set[str]:
    return set(element.get("class", "").split())


def name_of(element: Element) -> str:
    """The words a screen reader says for an element: its label, else its text, labels and alts inside."""
    return (element.get("aria-label") or " ".join(_words(element))).strip()


def _words(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str) and child.get("aria-hidden") != "true":
            yield child.get("aria-label") or child.get("alt") or ""
            yield from _words(child)
        yield child.tail or ""
