"""``balancelab standards``, ``indicators`` and ``words``: what is defined."""

from __future__ import annotations

import json
from pathlib import Path

import click

from balancelab.cli.frame import command, indicators_option, language_option
from balancelab.reports.given import choose_language, defined, find_standard
from balancelab.reports.terminal import message_language, print_line


@command("standards", "列出标准，或显示一个标准的要求。", "List the standards, or show what one requires.")
@click.argument("name", required=False, metavar="[ID|FILE.toml]")
@indicators_option
@language_option
def standards(name: str | None, indicators: Path | None, language: str | None) -> None:
    """List standards."""
    spoken = message_language(language)
    if name is None:
        from balancelab.standards import list_standards

        for standard in list_standards().values():
            print_line(standard.id, standard.short[spoken], standard.document[spoken])
        return
    shown, _ = find_standard(name, indicators)
    print_line(shown.id, shown.label[spoken], shown.document[spoken])
    for requirement in shown.requirements.values():
        limits = requirement.at_least or requirement.at_most or {}
        sign = ">=" if requirement.at_least else "<="
        listed = ", ".join(f"{stage} {sign} {limit}" for stage, limit in limits.items())
        print_line(requirement.indicator, listed, requirement.clause[spoken])
    if shown.county_rule is not None:
        rule = shown.county_rule
        listed = ", ".join(f"{stage} <= {limit}" for stage, limit in rule.at_most.items())
        print_line(f"{rule.measure} ({rule.applies_to})", listed, rule.clause[spoken])


@command("indicators", "列出指标。", "List the indicators.")
@indicators_option
@language_option
def indicators(indicators: Path | None, language: str | None) -> None:
    """List indicators."""
    from balancelab.indicators import load_indicators

    spoken = message_language(language)
    for indicator in defined(lambda: load_indicators(indicators)).values():
        print_line(indicator.id, indicator.label[spoken], indicator.unit[spoken])


@command("words", "列出一种语言尚缺的词句。", "List the texts that a language has no words for yet.")
@click.argument("language", metavar="LANGUAGE")
def words(language: str) -> None:
    """List missing words."""
    from balancelab.page.words import missing_words
    from balancelab.reports.kinds import find_notebook
    from balancelab.reports.vocabulary import english_texts

    chosen = choose_language(language)
    for missing in missing_words(chosen, english_texts(Path(__file__).parents[1], find_notebook("balance").parent)):
        line = f'{json.dumps(missing, ensure_ascii=False)} = ""'  # of the language's own file, to be filled in
        click.echo(line)
