/* Search, filters, order and language; rows come in small portions, so that the page answers at once. */
(() => {
  const { shared, entries, years, row, element, fill } = portal;
  const FIRST = 40, PORTION = 20, SLICE = 25; // rows at once, rows between two looks at the clock, milliseconds
  const words = {
    title: { zh: "报告目录", en: "Reports" },
    count: { zh: "显示 {shown} / {all} 行", en: "{shown} of {all} rows shown" },
    sorted: { zh: "，按“{column}”{way}", en: ", sorted by {column}, {way}" },
    up: { zh: "升序", en: "ascending" },
    down: { zh: "降序", en: "descending" },
    none: { zh: "没有符合条件的行。", en: "No row fits." },
    latest: { zh: "各县最新一年", en: "Latest year" },
    all: { zh: "全部", en: "All" },
    whole: { zh: "总结论", en: "Overall" },
    borderline: { zh: "临界", en: "Borderline" },
    between: { zh: "，", en: ", " },
  };
  const GROUPS = { failed: "failed", failed_borderline: "failed", met: "met", met_borderline: "met" };
  const byId = (id) => document.getElementById(id);
  const [search, year, block, verdict] = ["search", "year", "block", "verdict"].map(byId);
  const body = document.querySelector("tbody");
  const heads = [...document.querySelectorAll("thead th")];
  const collator = new Intl.Collator("zh-Hans-CN", { numeric: true });
  const latest = new Map(entries.map((entry) => [entry.code, entry.year]).reverse());
  const made = new Map();
  let language = /^#(zh|en)$/.test(location.hash) ? location.hash.slice(1) : navigator.language.startsWith("zh") ? "zh" : "en";
  let sorted = { key: "", down: false };
  let waiting = [];
  let timer = 0;

  const value = {
    year: (entry) => entry.year,
    code: (entry) => entry.code,
    county: (entry) => entry.county,
    standard: (entry) => entry.standard[language],
    verdict: (entry) => (entry.state < 0 ? shared.states.length : entry.state),
    blocks: (entry) => -entry.blocks.filter((state) => state >= 0 && shared.states[state].id.startsWith("failed")).length,
    cv: (entry) => entry.share,
    trend: (entry) => {
      const known = entry.history.filter((one) => one.share !== null);
      return known.length > 1 ? known[0].share - known[known.length - 1].share : null;
    },
    reports: (entry) => -entry.reports.length,
  };
  /* What is unknown stands last, whichever way the rest is sorted. */
  const compare = (a, b) => {
    const [x, y] = [value[sorted.key](a), value[sorted.key](b)];
    if (x === null || y === null) return (x === null) - (y === null) || collator.compare(a.code, b.code);
    const by = typeof x === "number" ? x - y : collator.compare(x, y);
    return (sorted.down ? -by : by) || collator.compare(a.code, b.code) || b.year - a.year;
  };

  const stateOf = (entry) => (block.value === "" ? entry.state : entry.blocks[Number(block.value)]);
  const fits = (entry) => {
    if (year.value === "latest" ? entry.year !== latest.get(entry.code) : year.value && String(entry.year) !== year.value) return false;
    const state = stateOf(entry);
    if (block.value !== "" && state < 0) return false;
    if (!verdict.value) return true;
    if (state < 0) return false;
    const { id } = shared.states[state];
    return verdict.value === "borderline" ? id.endsWith("borderline") : (GROUPS[id] || id) === verdict.value;
  };

  const built = (entry) => {
    if (!made.has(entry)) made.set(entry, row(entry, language));
    return made.get(entry);
  };
  const append = (number) => body.append(...waiting.splice(0, number).map(built));
  const rest = (milliseconds) => {
    clearTimeout(timer);
    for (const end = performance.now() + milliseconds; waiting.length && performance.now() < end;) append(PORTION);
    if (waiting.length) timer = setTimeout(rest, 0, SLICE);
    else body.removeAttribute("aria-busy");
  };

  const tell = (chosen) => {
    const all = entries.length.toLocaleString("en");
    let said = fill(words.count, language, { shown: chosen.length.toLocaleString("en"), all });
    if (sorted.key) {
      const head = heads.find((one) => one.dataset.key === sorted.key);
      const column = head.querySelector(`[lang^=${language}]`).textContent;
      said += fill(words.sorted, language, { column, way: (sorted.down ? words.down : words.up)[language] });
    }
    byId("count").textContent = said + (language === "zh" ? "。" : ".");
    const numbers = shared.states.map((state, at) => [state, chosen.filter((entry) => stateOf(entry) === at).length]);
    byId("tally").replaceChildren(...numbers.filter(([, number]) => number).map(([state, number]) => {
      const part = element("span", "", { class: state.id });
      part.append(element("span", state.glyph + " ", { "aria-hidden": "true" }), state[language] + " " + number.toLocaleString("en"));
      return part;
    }));
    byId("none").hidden = chosen.length > 0;
    byId("none").textContent = words.none[language];
  };

  const show = () => {
    clearTimeout(timer);
    const asked = search.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = entries.filter((entry) => fits(entry) && asked.every((word) => entry.text.includes(word)));
    if (sorted.key) chosen.sort(compare);
    body.replaceChildren();
    waiting = [...chosen];
    append(FIRST);
    body.setAttribute("aria-busy", "true");
    rest(0);
    tell(chosen);
  };

  const options = (control, listed) => {
    const before = control.value;
    control.replaceChildren(...listed.map(([key, text]) => element("option", text, { value: key })));
    if (listed.some(([key]) => key === before)) control.value = before;
  };
  const speak = () => {
    document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
    document.title = words.title[language];
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    options(year, [["latest", words.latest[language]], ["", words.all[language]],
      ...[...years].reverse().map((one) => [String(one), String(one)])]);
    options(block, [["", words.whole[language]], ...shared.blocks.map((one, at) => [String(at), one[language]])]);
    const kinds = new Map();
    for (const { id, ...text } of shared.states) {
      const kind = GROUPS[id] || id;
      if (!kinds.has(kind) || kind === id) kinds.set(kind, text[language]);
      if (id.endsWith("borderline")) kinds.set("borderline", words.borderline[language]);
    }
    options(verdict, [["", words.all[language]], ...kinds]);
    made.clear();
    show();
  };

  const order = (wanted) => {
    sorted = wanted;
    for (const head of heads) {
      if (head.dataset.key === sorted.key) head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  };
  if (shared.standards.length < 2) {
    document.querySelector("th[data-key=standard]").remove();
    document.querySelector("table").classList.add("one-standard");
  }
  for (const head of heads) {
    head.querySelector("button").addEventListener("click", () => {
      const key = head.dataset.key;
      order({ key, down: sorted.key === key && !sorted.down });
      show();
    });
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      language = button.dataset.language;
      history.replaceState(null, "", "#" + language);
      speak();
    });
  }
  for (const control of [search, year, block, verdict]) control.addEventListener("input", show);
  byId("clear").addEventListener("click", () => {
    [search.value, year.value, block.value, verdict.value] = ["", "latest", "", ""];
    order({ key: "", down: false });
    show();
    search.focus();
  });
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("beforeprint", () => rest(Infinity));
  document.documentElement.classList.add("live");
  speak();
})();
