"""What a run says: how far it is, then a summary by cause and one last line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from balancelab.reports.errors import CAUSES, Failure, say, text
from balancelab.reports.progress import Bar, Lines, Shown, name_of, printable
from balancelab.reports.resume import WHY
from balancelab.reports.units import INDEX

if TYPE_CHECKING:
    from balancelab.definitions import Text
    from balancelab.reports.outcome import Progress, Summary
    from balancelab.reports.units import Unit

_SHOWN_ALIKE = 12
_ERROR_LINES = 3


class Console:
    """
    Speaks to whoever started a run, on standard error.

    Parameters
    ----------
    language : str
        Language of the messages.
    quiet : bool, optional
        Whether to say only what went wrong.
    """

    def __init__(self, language: str, *, quiet: bool = False) -> None:
        self.language, self.quiet = language, quiet
        self._shown: Shown = Bar(language) if sys.stderr.isatty() else Lines(language)

    def say(self, pair: Text) -> None:
        """Say one text."""
        self._write(say(pair, self.language))

    def progress(self, event: Progress) -> None:
        """Show what happened."""
        if not self.quiet:
            self._shown.show(event)

    def summary(self, summary: Summary) -> None:
        """Say what was written, where, how long it took, and what failed, by cause."""
        self._shown.close()
        for reason in summary.left_out:
            self.say(reason)
        if summary.mended:
            number = summary.mended
            self.say(
                text(
                    f"运行记录有 {number} 处损坏，已移除；它所记的报告已重新生成",
                    f"{number} damaged places in the journal were taken out; their reports are made again",
                )
            )
        self._say_why(summary)
        for cause, failures in summary.by_cause().items():
            self.say(_cause_line(cause, len(failures)))
            self._list(failures)
        if summary.trouble is not None:
            self._write(summary.trouble.say(self.language))
        if summary.stopped is not None:
            self.say(summary.stopped)
        if summary.interrupted:
            self.say(
                text(
                    "已中断；已完成的报告保留，其余未留下任何文件",
                    "interrupted; finished reports stay, others left nothing",
                )
            )
        if not self.quiet or summary.exit_code:
            self.say(_last_line(summary))

    def _say_why(self, summary: Summary) -> None:
        """Say why finished reports were made again, and which counties are gone; nothing about a first run."""
        if self.quiet:
            return
        for reason, number in summary.why.items():
            if reason in WHY and reason != "new":
                zh, en = WHY[reason]["zh"], WHY[reason]["en"]
                self.say(text(f"需重新生成 {number} 份：{zh}", f"{number} to be made again: {en}"))
        if summary.gone:
            shown = ", ".join(summary.gone[:_SHOWN_ALIKE])
            number = len(summary.gone)
            self.say(
                text(
                    f"数据中已无其县（区）的报告 {number} 份，保留未动：{shown}",
                    f"{number} reports about counties that the table no longer has, left as they are: {shown}",
                )
            )

    def _list(self, failures: list[tuple[Unit, Failure]]) -> None:
        """List the reports that failed alike under what they all said."""
        alike: dict[str, list[str]] = {}
        for unit, failure in failures:
            alike.setdefault(say(_one_line(failure), self.language), []).append(name_of(unit))
        for message, names in alike.items():
            rest = len(names) - _SHOWN_ALIKE
            more = text(f" 等 {len(names)} 份", f" and {rest} more") if rest > 0 else text("", "")
            self._write(f"  {message}\n    {', '.join(names[:_SHOWN_ALIKE])}{say(more, self.language)}")

    def _write(self, line: str) -> None:
        self._shown.write(printable(line))


def _last_line(summary: Summary) -> Text:
    places = len({unit.county_code for unit in summary.done if unit.county_code})
    languages = ", ".join(sorted({unit.language for unit in summary.done})) or "-"
    done, failed, where = len(summary.done), len(summary.failed), summary.output
    also_zh, also_en = (f"，失败 {failed} 份", f", {failed} failed") if failed else ("", "")
    of_zh, of_en = (f"县（区）数 {places}，", f"counties: {places}, ") if places else ("", "")
    index_zh, index_en = (f"，目录页 {INDEX}", f", start at {INDEX}") if done else ("", "")
    if summary.shard is not None:
        part = f"{summary.shard.number}/{summary.shard.of}"
        index_zh = f"，这是第 {part} 份；各份完成后不带 --shard 再运行一次，补齐并写目录页"
        index_en = f", part {part}; when all are done, a run without --shard makes what is left and the index"
    if summary.not_made:
        rest = len(summary.not_made)
        also_zh, also_en = (
            f"{also_zh}，未做完 {rest} 份（同一命令续作）",
            f"{also_en}, {rest} not made (same command resumes)",
        )
    if summary.unchanged:
        same = len(summary.unchanged)
        also_zh, also_en = f"，未变 {same} 份{also_zh}", f", {same} unchanged{also_en}"
    noun = "report" if done == 1 else "reports"
    return text(
        f"已写入 {done} 份报告（{of_zh}语言 {languages}）{also_zh}：{where}{index_zh}；用时 {summary.seconds:.0f} 秒",
        f"{done} {noun} written ({of_en}languages: {languages}){also_en}: {where}{index_en}; {summary.seconds:.0f} s",
    )


def _cause_line(cause: str, number: int) -> Text:
    pair = CAUSES[cause]
    return text(f"{pair['zh']}：{number} 份", f"{pair['en']}: {number}")


def _one_line(failure: Failure) -> Text:
    lines = [line.strip() for line in failure.message.splitlines() if line.strip()][:_ERROR_LINES]
    return Failure(failure.cause, " | ".join(lines), failure.cell, failure.source).text()
