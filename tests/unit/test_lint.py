"""The lint of templates: each rule finds its mistake, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from invoice_renderer.cli import cli
from invoice_renderer.errors import OptionRefused
from invoice_renderer.lint import ADVICE, Finding, lint_template
from tests.builders import a_profile

PROFILE = a_profile()
PAGE = """\
{% import "_parts.html" as parts with context %}
<!DOCTYPE html>
<html lang="{{ invoice.lang }}" dir="{{ invoice.direction }}">
<head><title>{{ invoice.title }}</title></head>
<body>
<h1>{{ invoice.title }}</h1>
{% if invoice.buyer %}<p>{{ parts.own(invoice.buyer.name) }}</p>{% endif %}
<table>
{% for group in invoice.charges %}{% for line in group.lines %}
<tr><th>{{ line.label }}</th><td>{{ line.amount }}</td></tr>
{% endfor %}{% endfor %}
</table>
<p>{{ invoice.contact.email }} {{ invoice.contact.phone }} {{ invoice.contact.url|bare_url }}</p>
{# a place for what a test puts there #}
</body>
</html>
"""
PARTS = '{% macro own(text) %}<span dir="{{ text|direction }}">{{ text }}</span>{% endmacro %}\n'
STYLE = """\
html { font: 9pt/12pt Inter, sans-serif; color: #222222 }
table { width: 100%; table-layout: fixed }
h1, p, th, td { overflow-wrap: anywhere }
"""
MANIFEST = 'languages = ["en"]\npapers = ["a4"]\n'
WORDING = """\
groups = []
[items]
[taxes]
[directions]
[jurisdictions]
[payments]
"""
HERE = "{# a place for what a test puts there #}"
HERE_LINE = 1 + PAGE[: PAGE.index(HERE)].count("\n")

Spoil = Callable[[Path], None]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A small template without a mistake."""
    folder = tmp_path / "plain"
    folder.mkdir()
    files = {"invoice.html": PAGE, "_parts.html": PARTS, "invoice.css": STYLE,
             "template.toml": MANIFEST, "wording.toml": WORDING}  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def put(text: str) -> Spoil:
    """Something more on the page."""
    return lambda folder: (folder / "invoice.html").write_text(PAGE.replace(HERE, text), "utf-8")


def replace(old: str, new: str, name: str = "invoice.html") -> Spoil:
    """Something else in a file."""

    def spoil(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), "utf-8")

    return spoil


def style(css: str) -> Spoil:
    """One more line of style."""
    return lambda folder: (folder / "invoice.css").write_text(STYLE + css + "\n", "utf-8")


PAGE_MISTAKES = [
    ("unknown-variable", put("{{ invoice.titel }}"), "invoice has no titel. Is title meant?"),
    ("unknown-variable", put("{{ nobody }}"), "There is no nobody."),
    ("unknown-variable", put("{% for one in invoice.charges %}{{ one.name }}{% endfor %}"),
     "one has no name."),
    ("unknown-variable", put("{{ invoice.charges[0].lines[0].lable }}"), "has no lable"),
    ("unknown-variable", put("{{ parts.onw('x') }}"), "the partial has no onw. Is own meant?"),
    ("unknown-variable", put("{% set last = invoice.facts|last %}{{ last.worth }}"), "no worth"),
    ("unknown-variable", put("{{ template.colour }}"), "template has no colour"),
    ("maybe-missing", put("{{ invoice.pay.url }}"), "invoice.pay may be missing here."),
    ("maybe-missing", put("{% if invoice.pay or invoice.memo %}{{ invoice.pay.url }}{% endif %}"),
     "invoice.pay may be missing here."),
    ("unescaped", put("{{ invoice.memo|safe }}"), "|safe goes around escaping."),
    ("unescaped", put("{% autoescape false %}{{ invoice.memo }}{% endautoescape %}"), "switches"),
    ("template-by-data", put("{% include invoice.memo %}"), "A value names the partial."),
    ("unquoted-attribute", put("<p class={{ invoice.lang }}></p>"), "<p>"),
    ("unquoted-attribute", put("<p class=note></p>"), "<p>"),
    ("data-in-css", put('<p style="color: {{ invoice.lang }}"></p>'), "inside style."),
    ("data-in-css", put("<style>p { color: #111111 }</style>"), "<style>"),
    ("remote-url", put('<img alt="x" src="//host.example/a.png">'), "src holds an address."),
    ("remote-url", put('<a href="https://host.example/">x</a>'), "href holds an address."),
    ("remote-url", put("<p>http://host.example</p>"), "The text has an address in it."),
    ("missing-asset", put('<img alt="x" src="asset:y.png">'), "assets/y.png is not there."),
    ("active-content", put('<p onclick="x()"></p>'), "onclick"),
    ("active-content", put("<script></script>"), "<script>"),
    ("missing-alt", put('<img src="asset:{{ invoice.seller.logo }}">'), "has no alt."),
    ("missing-alt", put('<img src="asset:{{ invoice.seller.logo }}" alt=" ">'), "has no alt."),
    ("missing-glyph", put("<p>\U00012000</p>"), "U+12000 CUNEIFORM SIGN A"),
    ("missing-glyph", put("<p>{{ '\U00012000' }}</p>"), "U+12000 CUNEIFORM SIGN A"),
    ("syntax", put("{% if %}"), "Jinja says"),
    ("syntax", put("{{ invoice.title|shout }}"), "No filter named 'shout'"),
    ("syntax", put('{% include "_nothing.html" %}'), "There is no _nothing.html to include."),
    ("does-not-render", put("{{ 1 // 0 }}"), "ZeroDivisionError"),
]  # fmt: skip
OTHER_MISTAKES = [
    ("missing-title", "invoice.html", 1,
     replace("<title>{{ invoice.title }}</title>", ""), "No page has a <title>"),
    ("missing-title", "invoice.html", 1,
     replace("<title>{{ invoice.title }}</title>", "<title> </title>"), "No page has a <title>"),
    ("missing-language", "invoice.html", 3, replace('lang="{{ invoice.lang }}" ', ""), "no lang."),
    ("missing-language", "invoice.html", 3,
     lambda folder: (replace(' dir="{{ invoice.direction }}"', "")(folder),
                     replace('["en"]', '["en", "ar"]', "template.toml")(folder),
                     catalogue(folder, "")), "no dir."),
    ("no-contact", "invoice.html", 0,
     replace("{{ invoice.contact.phone }}", ""), "never prints the contact's phone."),
    ("unknown-variable", "_parts.html", 1,
     replace("{{ text }}", "{{ text.first }}", "_parts.html"), "text has no first."),
    ("data-in-css", "invoice.css", 4, style("p { color: {{ colour }} }"), "inside a style sheet."),
    ("remote-url", "invoice.css", 4, style("p { background: url(https://host.example) }"), "url("),
    ("remote-url", "invoice.css", 4, style('@import "x.css";'), "@import fetches."),
    ("missing-asset", "invoice.css", 4, style('p { background: url("asset:x.png") }'), "x.png"),
    ("syntax", "invoice.css", 4, style("p { color #111111 }"), "The style is broken"),
    ("missing-glyph", "invoice.css", 4, style('h1::after { content: "\U00012000" }'), "U+12000"),
    ("missing-glyph", "wording.toml", 7,
     lambda folder: (folder / "wording.toml").write_text(WORDING + 'visa = "\U00012000"\n',
                                                         "utf-8"), "U+12000"),
    ("missing-glyph", "locales/ar/LC_MESSAGES/messages.po", 6,
     lambda folder: (replace('["en"]', '["en", "ar"]', "template.toml")(folder),
                     catalogue(folder, "\U00012000")), "U+12000"),
    ("contrast", "invoice.css", 4, style("h1 { color: #949494 }"), "h1 is #949494 on #ffffff, 3.0"),
    ("contrast", "invoice.css", 4, style("td { color: rgb(255 255 255 / .9) }"), "td is #ffffff"),
    ("contrast", "invoice.css", 4,
     style("@page { @bottom-left { content: 'x'; color: #aaa } }"), "@bottom-left is #aaaaaa"),
    ("contrast", "invoice.css", 1, style("body { background: #777777 }"), "on #777777"),
    ("contrast", "invoice.css", 1,
     style("@page { @left-middle { content: 'x'; z-index: -1; color: #777777 } }"), "on #777777"),
    ("text-overflow", "invoice.css", 0,
     style("h1 { white-space: nowrap; font-size: 60pt }"), "h1 is"),
    ("text-overflow", "invoice.css", 0,
     style("@page { @top-left { content: 'Much too long'; white-space: nowrap; width: 9pt } }"),
     "@top-left is"),
    ("text-overflow", "invoice.css", 0,
     style("h1 { white-space: nowrap; overflow: hidden; width: 9pt }"), "h1 is"),
    ("automatic-table", "invoice.css", 0, style("table { table-layout: auto }"), "table has"),
    ("does-not-render", "template.toml", 0,
     replace('"a4"', '"a9"', "template.toml"), "template.toml: papers"),
]  # fmt: skip


def catalogue(folder: Path, said: str) -> None:
    """Arabic, with one word in it."""
    file = folder / "locales" / "ar" / "LC_MESSAGES" / "messages.po"
    file.parent.mkdir(parents=True)
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    plural = '"Plural-Forms: nplurals=6; plural=0;\\n"\n'
    file.write_text(f'{head}{plural}\nmsgid "Due"\nmsgstr "{said or "الاستحقاق"}"\n', "utf-8")


def found(template: Path) -> set[tuple[str, str, int]]:
    return {(each.rule, each.file, each.line) for each in lint_template(template, PROFILE)}


def test_a_plain_template_is_without_findings(template: Path) -> None:
    """The one that every other test here spoils."""
    assert lint_template(template, PROFILE) == ()


@pytest.mark.parametrize(("rule", "spoil", "says"), PAGE_MISTAKES)
def test_a_mistake_on_the_page_trips_its_rule(
    template: Path, rule: str, spoil: Spoil, says: str
) -> None:
    """That rule, in that line, and no other."""
    spoil(template)
    findings = lint_template(template, PROFILE)
    assert {(rule, "invoice.html", HERE_LINE)} == found(template)
    assert any(says in each.detail for each in findings), findings


@pytest.mark.parametrize(("rule", "file", "line", "spoil", "says"), OTHER_MISTAKES)
def test_a_mistake_elsewhere_trips_its_rule(
    template: Path, rule: str, file: str, line: int, spoil: Spoil, says: str
) -> None:
    """In a partial, a style sheet, a catalogue, the wording; or nowhere in particular."""
    spoil(template)
    findings = lint_template(template, PROFILE)
    assert {(rule, file, line)} == found(template)
    assert any(says in each.detail for each in findings), findings


@pytest.mark.parametrize(
    "text",
    [
        "{% if invoice.pay and invoice.pay.url %}{{ invoice.pay.url }}{% endif %}",
        "{% if not invoice.pay %}none{% else %}{{ invoice.pay.url }}{% endif %}",
        "{{ invoice.pay.url if invoice.pay else '' }}",
        "{% with pay = invoice.headline %}{{ pay.label }}{% endwith %}",
        "{% for before in invoice.page_words %}{{ loop.index }}{{ before|upper }}{% endfor %}",
        "{{ invoice.title.upper() }}{{ invoice.facts|length }}{{ ngettext('%(num)s', 'y', 2) }}",
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" alt="x"></svg>',
        '<p{% if invoice.memo %} class="note"{% endif %} title="a = b">1 &lt; 2</p>',
    ],
)
def test_what_is_right_trips_nothing(template: Path, text: str) -> None:
    put(text)(template)
    assert lint_template(template, PROFILE) == ()


def test_every_rule_has_a_template_that_trips_it() -> None:
    tripped = {case[0] for case in (*PAGE_MISTAKES, *OTHER_MISTAKES)}
    assert set(ADVICE) == tripped


def test_a_finding_says_where_and_what_to_do() -> None:
    finding = Finding("invoice.html", 7, "unescaped", "|safe goes around escaping.")
    assert str(finding).startswith("invoice.html:7: unescaped: |safe goes around escaping. ")
    assert str(finding).endswith(ADVICE["unescaped"])


def test_a_folder_without_a_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionRefused):
        lint_template(tmp_path, PROFILE)


# ----------------------------------------------------------------------------- the command


def test_the_command_ends_with_0_where_nothing_is_wrong(template: Path) -> None:
    result = CliRunner().invoke(cli, ["lint", str(template)])
    assert (result.exit_code, result.stdout) == (0, "")


def test_the_command_ends_with_1_and_a_line_for_each_finding(template: Path) -> None:
    put("{{ invoice.titel }}")(template)
    result = CliRunner().invoke(cli, ["lint", str(template)])
    assert result.exit_code == 1
    assert result.stdout.startswith(f"invoice.html:{HERE_LINE}: unknown-variable: ")


def test_the_command_tells_a_machine(template: Path) -> None:
    put("{{ invoice.titel }}")(template)
    result = CliRunner().invoke(cli, ["lint", str(template), "--json"])
    assert result.exit_code == 1
    first = json.loads(result.stdout)["findings"][0]
    assert tuple(first[name] for name in ("file", "line", "rule")) == (
        "invoice.html",
        HERE_LINE,
        "unknown-variable",
    )
    assert first["advice"] == ADVICE["unknown-variable"]
