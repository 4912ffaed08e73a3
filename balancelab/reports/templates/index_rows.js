"use strict";
/* What the page shows of a county: the shared lists taken apart, and the cells of a row. */
const portal = (() => {
  const shared = JSON.parse(document.getElementById("data").textContent);
  const words = {
    source: { zh: "{value}（限值 {limit}）", en: "{value} (limit {limit})" },
    older: { zh: "旧版：最近一次未生成", en: "older: the last run failed" },
    schools: { zh: "学校报告（{n} 所）", en: "School reports ({n})" },
    trend: { zh: "最大差异系数占限值：{years}；限值为 100%", en: "Worst CV as a share of its limit: {years}; the limit is 100%" },
    plain: { zh: "最大差异系数：{years}", en: "Worst CV: {years}" },
    between: { zh: "，", en: ", " },
    block: { zh: "{name}：{word}", en: "{name}: {word}" },
    of: { zh: "{county}，{kind}，{language}，{format}", en: "{county}, {kind}, {language}, {format}" },
  };
  const fill = (pair, language, values = {}) =>
    pair[language].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

  const element = (tag, text, attributes = {}) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    for (const name in attributes) made.setAttribute(name, attributes[name]);
    return made;
  };

  const entries = [];
  for (const [code, county, ...years] of shared.counties) {
    const own = years.map(([year, standard, state, blocks, value, measure, set, schools]) => {
      const limit = measure < 0 ? null : shared.measures[measure][2];
      return {
        code, county, year, state, measure, schools: schools || [],
        standard: shared.standards[standard],
        blocks: [...blocks].map((letter) => (letter === "-" ? -1 : Number(letter))),
        reports: shared.sets[set],
        cv: value < 0 ? null : value / 1000,
        limit: limit === null ? null : limit / 1000,
        share: value < 0 ? null : limit ? value / limit : value / 1000,
      };
    });
    for (const entry of own) {
      entry.history = own;
      entry.text = [code, county, entry.year, entry.standard.zh, entry.standard.en].join(" ").normalize("NFKC").toLowerCase();
      entries.push(entry);
    }
  }
  entries.sort((a, b) => b.year - a.year || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));
  const years = [...new Set(entries.map((entry) => entry.year))].sort((a, b) => a - b);

  const cellOf = (name) => element("td", "", { class: name, role: "cell" });
  const verdictCell = (entry, language) => {
    const cell = cellOf("verdict");
    if (entry.state < 0) return cell;
    const { id, glyph, [language]: word } = shared.states[entry.state];
    cell.classList.add(id);
    cell.append(element("span", glyph, { class: "glyph", "aria-hidden": "true" }), word);
    return cell;
  };

  /* One element for each block: seen as shape and name, heard as name and word. */
  const blocksCell = (entry, language) => {
    const cell = cellOf("blocks");
    entry.blocks.forEach((state, at) => {
      if (state < 0) return;
      const { id, glyph, [language]: word } = shared.states[state];
      const name = shared.blocks[at][language];
      const label = fill(words.block, language, { name, word });
      cell.append(element("span", glyph + " " + name, { class: "block " + id, role: "img", "aria-label": label, title: label }));
    });
    return cell;
  };

  const coefficientCell = (entry, language) => {
    const cell = cellOf("cv");
    if (entry.cv === null) return cell;
    const over = entry.limit !== null && entry.cv > entry.limit;
    const number = element("span", "", { class: over ? "number failed" : "number" });
    if (over) number.append(element("span", "×", { class: "glyph", "aria-hidden": "true" }));
    number.append(entry.cv.toFixed(3));
    cell.append(number);
    if (entry.limit !== null) cell.append(element("span", " / " + entry.limit.toFixed(2), { class: "limit" }));
    cell.append(element("span", shared.measures[entry.measure][language === "zh" ? 0 : 1], { class: "what" }));
    return cell;
  };

  /* A picture of the years, from nothing to twice the limit, or as high as it must be. */
  const WIDTH = 96, HEIGHT = 40, EDGE = 5;
  const drawn = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    return made;
  };
  const trendCell = (entry, language) => {
    const cell = cellOf("trend");
    const points = entry.history.filter((one) => one.share !== null).sort((a, b) => a.year - b.year);
    if (!points.length) return cell;
    const limited = points.every((one) => one.limit !== null);
    const top = Math.max(limited ? 2 : 0, ...points.map((one) => one.share)) || 1;
    const x = (year) => years.length < 2 ? WIDTH / 2
      : EDGE + ((year - years[0]) / (years[years.length - 1] - years[0])) * (WIDTH - 2 * EDGE);
    const y = (share) => HEIGHT - EDGE - (share / top) * (HEIGHT - 2 * EDGE);
    const said = points.map((one) => one.year + " " + (limited ? Math.round(one.share * 100) + "%" : one.share.toFixed(3)));
    const picture = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img" });
    const title = drawn("title", {});
    title.textContent = fill(limited ? words.trend : words.plain, language, { years: said.join(fill(words.between, language)) });
    picture.append(title);
    if (limited) picture.append(drawn("line", { class: "limit-line", x1: 0, x2: WIDTH, y1: y(1), y2: y(1) }));
    const places = points.map((one) => `${x(one.year).toFixed(1)},${y(one.share).toFixed(1)}`);
    if (places.length > 1) picture.append(drawn("polyline", { points: places.join(" ") }));
    const here = points.find((one) => one.year === entry.year);
    if (here) {
      const [cx, cy] = [x(here.year), y(here.share)];
      const over = limited && here.share > 1;
      picture.append(over
        ? drawn("path", { class: "over", d: `M${cx - 3} ${cy - 3}l6 6m0 -6l-6 6` })
        : drawn("circle", { class: "within", cx, cy, r: 3 }));
    }
    cell.append(picture);
    return cell;
  };

  const addLinks = (place, entry, [kind, name, spoken, bits, stale], language, school) => {
    const [code, own] = shared.languages[spoken];
    const stem = `${entry.year}/${entry.code}/${name.replace("*", school)}.${code}`;
    const said = { county: entry.county, kind: shared.kinds[kind][language] + (school ? " " + school : ""), language: own };
    const group = element("span", "", { class: "links" });
    const link = (format, text, attributes = {}) => {
      const label = fill(words.of, language, { ...said, format: format[language] });
      group.append(" ", element("a", text, { href: encodeURI(stem + format.ending), "aria-label": label, ...attributes }));
    };
    const made = shared.formats.filter((_, at) => bits & (1 << at));
    if (made[0].ending === ".html") link(made.shift(), own, { class: "page" });
    else group.append(element("span", own, { class: "page" }));
    for (const format of made) link(format, format[language], { class: "format" });
    if (stale) group.append(" ", element("span", words.older[language], { class: "stale" }));
    place.append(group);
  };

  const lines = (cell, entry, reports, language, school = "") => {
    const kinds = new Map();
    for (const report of reports) {
      if (!kinds.has(report[0])) {
        const line = element("div", "", { class: "report" });
        const said = shared.kinds[report[0]][language];
        line.append(element("span", school ? said + " " + school : said, { class: "kind" }));
        kinds.set(report[0], line);
      }
      addLinks(kinds.get(report[0]), entry, report, language, school);
    }
    cell.append(...kinds.values());
  };
  const reportsCell = (entry, language) => {
    const cell = cellOf("reports");
    lines(cell, entry, entry.reports, language);
    const number = entry.schools.reduce((sum, alike) => sum + alike.length - 1, 0);
    if (number) {
      const more = element("details");
      more.append(element("summary", fill(words.schools, language, { n: number })));
      more.addEventListener("toggle", () => {
        if (more.childElementCount > 1) return;
        for (const [set, ...codes] of entry.schools) {
          for (const code of codes) lines(more, entry, shared.sets[set], language, code);
        }
      });
      cell.append(more);
    }
    return cell;
  };

  const row = (entry, language) => {
    const made = element("tr", "", { role: "row" });
    made.append(
      element("td", String(entry.year), { class: "year", role: "cell" }),
      element("td", entry.code, { class: "code", role: "cell" }),
      element("th", entry.county, { scope: "row", role: "rowheader" }),
    );
    if (shared.standards.length > 1) made.append(element("td", entry.standard[language], { class: "standard", role: "cell" }));
    made.append(verdictCell(entry, language), blocksCell(entry, language), coefficientCell(entry, language), trendCell(entry, language),
      reportsCell(entry, language));
    return made;
  };

  return { shared, entries, years, row, element, fill };
})();
