"use strict";
(() => {
  const { rows, marks } = JSON.parse(document.getElementById("data").textContent);
  const order = ["failed", "failed_borderline", "error", "undetermined", "met_borderline", "borderline", "met", "not_applicable", ""];
  const collator = new Intl.Collator("zh-Hans-CN", { numeric: true });
  const body = document.querySelector("tbody");
  const search = document.getElementById("search");
  const failing = document.getElementById("failing");
  const year = document.getElementById("year");
  const count = document.getElementById("count");
  let sorted = { key: "", down: false };

  const element = (tag, text, options = {}) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    for (const [name, value] of Object.entries(options)) made.setAttribute(name, value);
    return made;
  };
  const pair = (cell, zh, en) => {
    cell.append(element("span", zh, { lang: "zh-Hans" }));
    if (en && en !== zh) cell.append(" ", element("span", en, { lang: "en", class: "en" }));
    return cell;
  };
  const verdictCell = (verdict) => {
    const mark = marks[verdict];
    const cell = element("td", "", { class: "verdict " + (mark ? verdict : "") });
    return mark ? pair(element("td", mark.glyph + " ", { class: "verdict " + verdict }), mark.zh, mark.en) : cell;
  };
  const reportsCell = (reports) => {
    const cell = element("td", "", { class: "reports" });
    const kinds = new Map();
    for (const report of reports) {
      const kind = report.kind.zh + " / " + report.kind.en;
      if (!kinds.has(kind)) kinds.set(kind, element("div"));
      const place = kinds.get(kind);
      const name = kind + ", " + report.language;
      place.append(element("a", report.language, { href: encodeURI(report.href), title: name, "aria-label": name }));
      for (const [word, path] of Object.entries(report.others || {})) {
        place.append(element("a", word, { href: encodeURI(path), class: "format", "aria-label": name + ", " + word }));
      }
      if (report.stale) place.append(element("span", "旧版：最近一次未生成 / older: the last run failed ", { class: "stale" }));
    }
    for (const [kind, place] of kinds) {
      if (kinds.size > 1) place.prepend(element("span", kind + " ", { class: "kind" }));
      cell.append(place);
    }
    return cell;
  };
  const line = (row) => {
    const made = element("tr");
    made.append(element("td", String(row.year), { class: "code" }), element("td", row.code, { class: "code" }));
    made.append(element("th", row.county, { scope: "row" }), pair(element("td"), row.standard.zh, row.standard.en));
    made.append(verdictCell(row.verdict), reportsCell(row.reports));
    return made;
  };
  const value = {
    year: (row) => row.year,
    code: (row) => row.code,
    county: (row) => row.county,
    standard: (row) => row.standard.zh,
    verdict: (row) => order.indexOf(row.verdict),
  };
  const compare = (a, b) => {
    const [x, y] = [value[sorted.key](a), value[sorted.key](b)];
    const by = typeof x === "number" ? x - y : collator.compare(x, y);
    return (sorted.down ? -by : by) || collator.compare(a.code, b.code) || b.year - a.year;
  };
  const fails = (row) => row.verdict === "error" || row.verdict.startsWith("failed");
  const lines = new Map(rows.map((row) => [row, line(row)]));

  const show = () => {
    const words = search.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = rows.filter((row) => {
      const text = (row.code + " " + row.county + " " + row.standard.zh + " " + row.standard.en + " " + row.year).toLowerCase();
      return words.every((word) => text.includes(word)) && (!failing.checked || fails(row)) &&
        (!year.value || String(row.year) === year.value);
    });
    if (sorted.key) chosen.sort(compare);
    body.replaceChildren(...chosen.map((row) => lines.get(row)));
    count.textContent = "显示 " + chosen.length + " / " + rows.length + " 行 · " + chosen.length + " of " + rows.length + " rows shown";
  };

  for (const one of [...new Set(rows.map((row) => row.year))].sort((a, b) => b - a)) {
    year.append(element("option", String(one), { value: String(one) }));
  }
  for (const button of document.querySelectorAll("thead button")) {
    button.addEventListener("click", () => {
      const key = button.dataset.key;
      sorted = { key, down: sorted.key === key && !sorted.down };
      for (const head of document.querySelectorAll("thead th")) head.removeAttribute("aria-sort");
      button.closest("th").setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      show();
    });
  }
  for (const control of [search, failing, year]) control.addEventListener("input", show);
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  show();
})();
