"""The page: what a notebook speaks to its reader through, in one language at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from balancelab.page.blocks import COMPLETION_TOKEN, Block
from balancelab.page.columns import Column, table_payload
from balancelab.page.disclosure import INTERNAL, PUBLIC, check_audience
from balancelab.page.disclosure.guard import SCHOOL_COLUMNS, Guard, NamesSchool
from balancelab.page.display import clean_text, number_text
from balancelab.page.marks import MARKS, STATES, mark_word
from balancelab.page.outline import Outline, has_own_number, section_number
from balancelab.page.sentences import fill_pairs
from balancelab.page.words import Pair, check_language, choose

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_TABLE: Pair = {"zh": "表 {number}", "en": "Table {number}"}
_FIGURE: Pair = {"zh": "图 {number}", "en": "Figure {number}"}
_PROVENANCE: Pair = {"zh": "附：数据与计算依据", "en": "Provenance"}
_MISSING_GLYPHS: Pair = {
    "zh": "{figure} 中的“〓”代表字库未收的字：{letters}。",
    "en": "In {figure}, “〓” stands for characters that the font lacks: {letters}.",
}


class Page:
    """
    A page in one language, built block by block.

    Every text is given in Chinese and English; the page writes the one it is for. Each call adds one block, shows it
    at once inside JupyterLab, and returns nothing.

    Parameters
    ----------
    language : str
        ``zh``, ``en``, or a code with a file in ``page/locales``.
    title_zh, title_en : str, optional
        Title of the report; both or none.
    subtitle_zh, subtitle_en : str, optional
        Line under the title; both or none.
    audience : {"internal", "public"}
        Whom the page is for. A public page refuses every block that names a school; see `keep_back`.
    **values
        Values for placeholders in title and subtitle.

    Raises
    ------
    ValueError
        If the language or the audience is unknown, or one of a pair of texts is missing.

    Examples
    --------
    >>> page = Page("en")
    >>> page.heading(zh="甲县均衡报告", en="Balance in County A")
    >>> page.say(zh="差异系数为 {cv:.3f}。", en="The coefficient of variation is {cv:.3f}.", cv=0.51526)
    >>> page.blocks[1]
    <block paragraph: The coefficient of variation is 0.515.>
    """

    def __init__(
        self,
        language: str,
        *,
        title_zh: str | None = None,
        title_en: str | None = None,
        subtitle_zh: str | None = None,
        subtitle_en: str | None = None,
        audience: str = INTERNAL,
        **values: Any,
    ) -> None:
        self.language = check_language(language)
        check_audience(audience)
        self.public = audience == PUBLIC
        self._guard: Guard | None = None
        self._blocks: list[Block] = []
        self._numbers = {"table": 0, "figure": 0}
        title, subtitle = _optional(title_zh, title_en), _optional(subtitle_zh, subtitle_en)
        self._outline = Outline(titled=title is not None)
        if title:
            filled = fill_pairs([title, *([subtitle] if subtitle else [])], values, self.language)
            self._add("title", title=filled[0], subtitle=filled[1] if subtitle else None)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks so far."""
        return tuple(self._blocks)

    def keep_back(self, schools: pd.DataFrame) -> None:
        """
        Tell a public page which schools it must not name, before its first block; an internal one does not mind.

        Parameters
        ----------
        schools : DataFrame
            Every school that was read, with ``school``, ``school_code``, ``county``, ``county_code``.
        """
        if self.public:
            self._guard = Guard(schools)

    def word(self, pair: Pair) -> str:
        """
        Choose the text of a pair in the page's language.

        Examples
        --------
        >>> Page("zh").word({"zh": "小学", "en": "Primary"})
        '小学'
        """
        return choose(pair, self.language)

    def number(self, value: Any, decimals: int | None = None) -> str:
        """
        Write a number for a reader, rounded once by GB/T 8170; ``—`` where it is missing.

        Examples
        --------
        >>> Page("zh").number(0.8535, 3)
        '0.854'
        """
        return number_text(value, decimals)

    def heading(self, *, zh: str, en: str, level: Literal[1, 2, 3] = 1, **values: Any) -> None:
        """
        Begin a section; or, as the very first thing on the page and on level 1, give the page its title.

        Parameters
        ----------
        zh, en : str
            Heading, with placeholders for ``values``. The page numbers sections itself (一、（一）1. or 1, 1.1, 1.1.1);
            a heading that brings its own number keeps it.
        level : {1, 2, 3}
            No level may be skipped. Under a title given this way, sections begin at level 1 or 2.

        Raises
        ------
        ValueError
            If the level is unknown or one is skipped, or the placeholders and values do not match.
        """
        (text,) = fill_pairs([{"zh": zh, "en": en}], values, self.language)
        if level == 1 and not self._blocks:
            self._add("title", title=text, subtitle=None)
            return
        place = self._outline.enter(level)
        number = "" if has_own_number(text) else section_number(place, self.language)
        self._add("heading", level=len(place), number=number, text=text)

    def say(self, *, zh: str, en: str, **values: Any) -> None:
        """
        Write a paragraph.

        Parameters
        ----------
        zh, en : str
            The paragraph, with placeholders ``{name}``, ``{name:.3f}``, ``{name:,}``, ``{name:.1%}``.
        **values
            A value for each placeholder.

        Raises
        ------
        ValueError
            If a placeholder has no value, a value no placeholder, or a number stands in one language only.
        """
        (text,) = fill_pairs([{"zh": zh, "en": en}], values, self.language)
        self._add("paragraph", text=text)

    def note(self, *, zh: str, en: str, kind: Literal["note", "warning"] = "note", **values: Any) -> None:
        """
        Write a remark set apart from the text; a warning stands out more.

        Raises
        ------
        ValueError
            As `say`; also if the kind is unknown.
        """
        if kind not in ("note", "warning"):
            raise ValueError(f"unknown kind of note {kind!r}: note or warning")
        (text,) = fill_pairs([{"zh": zh, "en": en}], values, self.language)
        self._add("note", style=kind, text=text)

    def verdict(self, zh: str, en: str, state: str, *, part: tuple[str, Pair] | None = None, **values: Any) -> None:
        """
        Write the one line that a reader should not miss.

        Parameters
        ----------
        zh, en : str
            The verdict as a sentence, with placeholders for ``values``.
        state : str
            ``met``, ``failed``, ``undetermined`` or ``not_applicable``.
        part : (str, pair), optional
            Id and name of the block of the evaluation that it decides.

        Raises
        ------
        ValueError
            As `say`; also if the state is unknown.
        """
        if state not in STATES:
            raise ValueError(f"unknown state {state!r}: known are {', '.join(STATES)}")
        (text,) = fill_pairs([{"zh": zh, "en": en}], values, self.language)
        decided = {"id": part[0], "label": choose(part[1], self.language)} if part else None
        mark = {"word": mark_word(state, self.language), "glyph": MARKS[state].glyph}
        self._add("verdict", state=state, **mark, text=text, part=decided)

    def table(
        self,
        table: pd.DataFrame,
        *,
        columns: Sequence[Column],
        caption_zh: str,
        caption_en: str,
        note_zh: str | None = None,
        note_en: str | None = None,
        row_marks: str | Sequence[object] | None = None,
        row_header: str | None = None,
        about: str | None = None,
        keys: Sequence[str] = (),
        **values: Any,
    ) -> None:
        """
        Show a table.

        Parameters
        ----------
        table : DataFrame
            Tidy table; ids and unrounded numbers. Not changed.
        columns : sequence of Column
            What the reader sees, in order.
        caption_zh, caption_en : str
            Caption, with placeholders for ``values``; numbered by the page.
        note_zh, note_en : str, optional
            Remark under the table; both or none.
        row_marks : str or sequence, optional
            Column of the table, or one value per row: a mark for the whole row (``excluded``, ``failed``, ``total``).
        row_header : str, optional
            Id of the column that names the row; by default the first.
        about : str, optional
            Id of what the table holds, by which a program finds it.
        keys : sequence of str
            Columns of the table whose ids name each row to a program; readers do not see them.

        Raises
        ------
        ValueError
            If a column is not in the table, a cell does not fit its kind, or the texts and values do not match.
        """
        note = _optional(note_zh, note_en)
        texts = [{"zh": caption_zh, "en": caption_en}, *([note] if note else [])]
        filled = fill_pairs(texts, values, self.language)
        if self.public and SCHOOL_COLUMNS & {column.id for column in columns}:
            raise NamesSchool(
                "公开版不能逐校列表；请用 balancelab.page.disclosure.schools 中的函数列出分布\n"
                "a public edition lists no schools: show how they are distributed (balancelab.page.disclosure.schools)"
            )
        payload = table_payload(table, columns, self.language, row_marks=row_marks, row_header=row_header, keys=keys)
        number = self._next("table", _TABLE)
        self._add("table", number=number, caption=filled[0], note=filled[1] if note else None, about=about, **payload)

    def figure(
        self, figure: Figure, *, caption_zh: str, caption_en: str, alt_zh: str, alt_en: str, **values: Any
    ) -> None:
        """
        Show a figure.

        Parameters
        ----------
        figure : matplotlib Figure
            The figure, made inside `balancelab.page.theme.style`.
        caption_zh, caption_en : str
            Caption, with placeholders for ``values``; numbered by the page.
        alt_zh, alt_en : str
            What the figure shows, for those who cannot see it; with placeholders.

        Raises
        ------
        ValueError
            If a text is empty, or the texts and values do not match.
        """
        from balancelab.page.drawing import draw

        texts = [{"zh": caption_zh, "en": caption_en}, {"zh": alt_zh, "en": alt_en}]
        caption, alt = fill_pairs(texts, values, self.language)
        if self._guard is not None:
            from matplotlib.text import Text

            self._guard.check([text.get_text() for text in figure.findobj(Text)], "figure")
        drawing = draw(figure)
        number = self._next("figure", _FIGURE)
        self._add(
            "figure",
            number=number,
            caption=caption,
            alt=alt,
            svg=drawing.svg,
            png=None,
            width_mm=drawing.width_mm,
            height_mm=drawing.height_mm,
        )
        if drawing.missing:
            letters = " ".join(f"{letter} (U+{ord(letter):04X})" for letter in drawing.missing)
            self.note(zh=_MISSING_GLYPHS["zh"], en=_MISSING_GLYPHS["en"], figure=number, letters=letters)

    def provenance(
        self,
        entries: Sequence[tuple[Pair, str]],
        *,
        heading: Pair = _PROVENANCE,
        facts: Mapping[str, str | int] | None = None,
    ) -> None:
        """
        Say what the page was made from, and end it.

        The completion token that follows proves to whoever runs the notebook that it came to its end.

        Parameters
        ----------
        entries : sequence of (pair, str)
            Label in both languages, and value: hashes, versions, parameters.
        heading : pair
            Heading of the block.
        facts : mapping, optional
            What the page is about, for programs; by default those of the entries, if they have any.

        Raises
        ------
        ValueError
            If there is no entry or a label lacks a language.
        """
        if not entries:
            raise ValueError("provenance needs at least one entry")
        listed = [{"label": choose(label, self.language), "value": clean_text(str(value))} for label, value in entries]
        known = facts or getattr(entries, "facts", None)
        self._add(
            "provenance",
            heading=choose(heading, self.language),
            entries=listed,
            facts={name: clean_text(fact) if isinstance(fact, str) else fact for name, fact in known.items()}
            if known
            else None,
        )
        self._add("complete", token=COMPLETION_TOKEN, blocks=len(self._blocks))

    def _add(self, kind: str, **payload: Any) -> None:
        """Append a block and show it."""
        if self.public:
            if self._guard is None:
                raise ValueError("a public page needs page.keep_back(schools) before its first block")
            self._guard.check(payload, kind)
        block = Block(kind, self.language, payload)
        self._blocks.append(block)
        block.show()

    def _next(self, kind: str, pair: Pair) -> str:
        """Next number of a table or figure, with its word."""
        self._numbers[kind] += 1
        return choose(pair, self.language).replace("{number}", str(self._numbers[kind]))


def _optional(zh: str | None, en: str | None) -> Mapping[str, str] | None:
    """A pair of texts, or nothing; one without the other is a slip."""
    if (zh is None) != (en is None):
        raise ValueError(f"a text needs both languages: zh={zh!r}, en={en!r}")
    return None if zh is None or en is None else {"zh": zh, "en": en}
