"use strict";
// Everything that comes from code is set as text, never as markup.
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const data = read("data");
const words = read("words")[data.language];
const $ = (id) => document.getElementById(id);
const STEP = 200;
const ORDER = { error: 0, warning: 1, hint: 2, high: 0, medium: 1, low: 2 };
const state = { search: "", severity: "", confidence: "", family: "", rule: "", folder: "", age: "", sort: "place", down: false, count: STEP };

// Each holds the lines of up to so many days that no earlier one holds.
const AGES = [
  ["week", 7, words.age_week], ["month", 31, words.age_month], ["year", 366, words.age_year], ["two", 731, words.age_two],
  ["lustrum", 1827, words.age_lustrum], ["decade", 3653, words.age_decade], ["old", Infinity, words.age_old],
];
const SEVERITIES = [["error", words.error], ["warning", words.warning], ["hint", words.hint]];

for (const finding of data.findings) {
  finding.since = finding.age === null ? null : AGES.find((age) => finding.age <= age[1])[0];
  finding.name = data.rules[finding.rule].name;
  finding.family = data.rules[finding.rule].family;
  finding.text = [finding.message, finding.file, finding.symbol, finding.name].join("\n").toLowerCase();
}

function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key.startsWith("aria-") || key === "colspan") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
}

// Text in which code stands between backquotes.
function prose(text) {
  return text.split(/`([^`]+)`/).map((part, index) => index % 2 === 1 ? make("code", {}, part) : part);
}

const hasAges = data.findings.some((finding) => finding.since !== null);

function inFolder(file, folder) {
  return folder === "" || file === folder || file.startsWith(folder.endsWith("/") ? folder : folder + "/");
}

// What passes every filter but one: a plot shows what its own filter would leave.
function fitting(except) {
  const search = state.search.toLowerCase();
  const same = (key, value) => except === key || state[key] === "" || state[key] === value;
  return data.findings.filter((finding) =>
    same("severity", finding.severity) && same("confidence", finding.confidence) && same("family", finding.family)
    && same("rule", finding.name) && same("age", finding.since) && (except === "folder" || inFolder(finding.file, state.folder))
    && (search === "" || finding.text.includes(search)));
}

function set(key, value) {
  state[key] = value;
  state.count = STEP;
  if ($(key)) $(key).value = value;
  draw();
}

function add(counts, key, severity) {
  const count = counts.get(key) || { all: 0, error: 0, warning: 0, hint: 0 };
  count.all += 1;
  count[severity] += 1;
  counts.set(key, count);
}

// The parts of a bar, each as long in `direction` as there are findings of its severity.
function parts(count, most, direction) {
  return SEVERITIES.map(([key, word]) => {
    const part = make("i", { className: key, title: `${word}: ${count[key]}` });
    part.style[direction] = `${100 * count[key] / most}%`;
    return part;
  });
}

function drawBars() {
  const counts = new Map();
  for (const finding of fitting("rule")) {
    add(counts, finding.name, finding.severity);
  }
  const rows = [...counts].sort((a, b) => b[1].all - a[1].all || a[0].localeCompare(b[0]));
  const most = Math.max(1, ...rows.map((row) => row[1].all));
  $("bars").replaceChildren(...rows.map(([name, count]) => {
    const bar = make("button", { type: "button", className: "bar", "aria-pressed": String(state.rule === name) },
      make("span", { title: name }, name), make("span", { className: "track" }, ...parts(count, most, "width")), make("span", {}, String(count.all)));
    bar.addEventListener("click", () => set("rule", state.rule === name ? "" : name));
    return bar;
  }));
}

function drawAges() {
  const counts = new Map();
  let unknown = 0;
  for (const finding of fitting("age")) {
    if (finding.since === null) unknown += 1;
    else add(counts, finding.since, finding.severity);
  }
  $("by-age").textContent = unknown === 0 ? words.by_age : `${words.by_age} (${words.age_unknown}: ${unknown})`;
  const most = Math.max(1, ...[...counts.values()].map((count) => count.all));
  $("ages").replaceChildren(...AGES.map(([key, , word]) => {
    const count = counts.get(key) || { all: 0, error: 0, warning: 0, hint: 0 };
    const column = make("button", { type: "button", className: "column", "aria-pressed": String(state.age === key) },
      make("span", { className: "stack" }, make("b", {}, String(count.all)), ...parts(count, most * 1.3, "height")), make("span", {}, word));
    column.addEventListener("click", () => set("age", state.age === key ? "" : key));
    return column;
  }));
}

// The folders and files directly inside a folder. A folder with nothing beside its one folder is passed through.
function children(findings, base) {
  for (;;) {
    const counts = new Map();
    const prefix = base === "" || base.endsWith("/") ? base : base + "/";
    for (const finding of findings) {
      if (!finding.file.startsWith(prefix)) continue;
      const rest = finding.file.slice(prefix.length);
      const cut = rest.indexOf("/");
      const name = cut < 0 ? rest : rest.slice(0, cut + 1);
      counts.set(prefix + name, (counts.get(prefix + name) || 0) + 1);
    }
    const found = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
    if (found.length !== 1 || !found[0][0].endsWith("/")) return { base: prefix, found };
    base = found[0][0];
  }
}

// Squarified: each row of cells is filled as long as that makes its cells more like squares.
function squarify(items, x, y, width, height, place) {
  let total = items.reduce((sum, item) => sum + item[1], 0);
  let at = 0;
  while (at < items.length && total > 0) {
    const side = Math.min(width, height);
    const scale = width * height / total;
    let row = [], sum = 0, worst = Infinity;
    while (at < items.length) {
      const next = sum + items[at][1];
      const sizes = [...row, items[at]].map((item) => item[1]);
      const ratio = Math.max(...sizes.map((size) => {
        const depth = next * scale / side, length = size * scale / depth;
        return Math.max(depth / length, length / depth);
      }));
      if (ratio > worst) break;
      row.push(items[at]); sum = next; worst = ratio; at += 1;
    }
    const depth = sum * scale / side;
    let along = 0;
    for (const item of row) {
      const length = item[1] * scale / depth;
      if (width >= height) place(item, x, y + along, depth, length);
      else place(item, x + along, y, length, depth);
      along += length;
    }
    if (width >= height) { x += depth; width -= depth; } else { y += depth; height -= depth; }
    total -= sum;
  }
}

// The cells of a folder, and inside those that are large enough the cells of what is in them.
function drawFolder(findings, folder, x, y, width, height, depth) {
  const { base, found } = children(findings, folder);
  squarify(found, x, y, width, height, ([path, count], x, y, w, h) => {
    if (w < 3 || h < 3) return;
    const isGroup = depth < 3 && path.endsWith("/") && w > 90 && h > 60;
    const cell = make("button", { type: "button", className: isGroup ? "cell group" : "cell", title: `${path}: ${count}` });
    const name = make("span", {}, path.slice(base.length));
    const number = make("b", {}, String(count));
    if (w > 36 && h > 18) cell.append(name);
    if (isGroup || (w > 80 && h > 18)) name.append(" ", number);
    else if (w > 18 && h > 36) cell.append(number);
    Object.assign(cell.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
    cell.addEventListener("click", () => set("folder", path));
    $("map").append(cell);
    if (isGroup) drawFolder(findings, path, x + 3, y + 20, w - 6, h - 23, depth + 1);
  });
}

function drawMap() {
  const map = $("map");
  map.replaceChildren();
  drawFolder(fitting("folder"), state.folder, 0, 0, map.clientWidth, map.clientHeight, 0);
  $("by-folder").replaceChildren(words.by_folder + " ");
  if (state.folder !== "") {
    const up = make("button", { type: "button" }, words.up);
    up.addEventListener("click", () => set("folder", ""));
    $("by-folder").append(up, " " + state.folder);
  }
}

const COLUMNS = [
  ["severity", (finding) => ORDER[finding.severity]],
  ["rule", (finding) => finding.name],
  ["place", (finding) => finding.file],
  ["message", (finding) => finding.message],
  ["confidence", (finding) => ORDER[finding.confidence]],
];

function sorted(findings) {
  const key = COLUMNS.find((column) => column[0] === state.sort)[1];
  const sign = state.down ? -1 : 1;
  return findings.slice().sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    const order = left < right ? -1 : left > right ? 1 : 0;
    return order * sign || (a.file < b.file ? -1 : a.file > b.file ? 1 : a.row - b.row);
  });
}

function drawHead() {
  const titles = { severity: words.severity, rule: words.rule, place: words.place, message: words.message, confidence: words.confidence };
  $("head").replaceChildren(...COLUMNS.map(([name]) => {
    const arrow = state.sort === name ? (state.down ? " ↓" : " ↑") : "";
    const button = make("button", { type: "button" }, titles[name] + arrow);
    button.addEventListener("click", () => {
      state.down = state.sort === name && !state.down;
      state.sort = name;
      draw();
    });
    const order = state.sort === name ? (state.down ? "descending" : "ascending") : "none";
    return make("th", { "aria-sort": order }, button);
  }));
}

function step(place) {
  const code = make("pre", { tabIndex: 0 });
  place.lines.forEach(([before, meant, behind], index) => {
    code.append(make("span", { className: "number" }, String(place.first + index)), before);
    if (meant !== "") code.append(make("mark", {}, meant));
    code.append(behind + "\n");
  });
  return make("li", {}, make("div", {}, ...prose(place.message)), make("div", { className: "where" }, `${place.file}:${place.row}`), code);
}

function age(finding) {
  return finding.since === null ? [] : [` · ${words.age}: ${AGES.find((age) => age[0] === finding.since)[2]}`];
}

function detail(finding) {
  const rule = data.rules[finding.rule];
  const cell = make("td", { colspan: COLUMNS.length });
  cell.append(make("div", { className: "where" }, ...prose(rule.summary), " ", make("a", { href: rule.url, rel: "noreferrer" }, words.manual), ...age(finding)));
  cell.append(make("ol", { className: "path" }, ...finding.path.map(step)));
  if (finding.help) cell.append(make("p", { className: "help" }, `${words.help}: `, ...prose(finding.help)));
  return make("tr", { className: "detail" }, cell);
}

function row(finding) {
  const open = make("button", { type: "button", "aria-expanded": "false" }, ...prose(finding.message));
  const line = make("tr", { className: "row" },
    make("td", { className: finding.severity }, words[finding.severity]), make("td", {}, finding.name),
    make("td", {}, make("code", {}, `${finding.file}:${finding.row}`)), make("td", {}, open), make("td", {}, words[finding.confidence]));
  line.addEventListener("click", () => {
    const below = line.nextElementSibling;
    const isOpen = below && below.classList.contains("detail");
    if (isOpen) below.remove();
    else line.after(detail(finding));
    open.setAttribute("aria-expanded", String(!isOpen));
  });
  return line;
}

function counted(count, one, many) {
  return `${count} ${count === 1 ? one : many}`;
}

function drawRows() {
  const findings = sorted(fitting());
  const shown = findings.slice(0, state.count);
  $("rows").replaceChildren(...shown.map(row));
  $("more").hidden = findings.length <= shown.length;
  const files = new Set(findings.map((finding) => finding.file)).size;
  $("shown").textContent = findings.length === 0 ? words.none
    : `${findings.length} ${words.of} ${counted(data.findings.length, words.finding, words.findings)}, ${counted(files, words.file, words.files)}`;
}

function draw() {
  drawBars();
  drawMap();
  if (hasAges) drawAges();
  drawHead();
  drawRows();
}

function options(id, any, values, label) {
  $(id).setAttribute("aria-label", label);
  $(id).append(make("option", { value: "" }, any));
  for (const [value, text] of values) $(id).append(make("option", { value }, text));
  $(id).addEventListener("change", () => set(id, $(id).value));
}

function theme(dark) {
  document.documentElement.classList.toggle("dark", dark);
  $("theme").textContent = dark ? words.light : words.dark;
}

function start() {
  const files = new Set(data.findings.map((finding) => finding.file)).size;
  $("counts").textContent = `${counted(data.findings.length, words.finding, words.findings)}, ${counted(files, words.file, words.files)} · pothole ${data.version}`;
  $("by-rule").textContent = words.by_rule;
  $("by-age-figure").hidden = !hasAges;
  $("legend").append(...SEVERITIES.map(([key, word]) => make("span", {}, make("i", { className: key }), word)));
  $("clear").textContent = words.clear;
  $("more").textContent = words.more;
  for (const [id, text] of [["search", words.search], ["folder", words.folder]]) {
    $(id).placeholder = text;
    $(id).setAttribute("aria-label", text);
    $(id).addEventListener("input", () => { state[id] = $(id).value; state.count = STEP; draw(); });
  }
  options("severity", words.any_severity, SEVERITIES, words.severity);
  options("confidence", words.any_confidence, [["high", words.high], ["medium", words.medium], ["low", words.low]], words.confidence);
  const families = [...new Set(data.rules.map((rule) => rule.family))].sort();
  options("family", words.any_family, families.map((name) => [name, name]), words.any_family);
  options("rule", words.any_rule, data.rules.map((rule) => [rule.name, rule.name]), words.rule);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("clear").addEventListener("click", () => {
    for (const key of ["search", "severity", "confidence", "family", "rule", "folder", "age"]) {
      state[key] = "";
      if ($(key)) $(key).value = "";
    }
    draw();
  });
  $("more").addEventListener("click", () => { state.count += STEP; drawRows(); });
  const wanted = matchMedia("(prefers-color-scheme: dark)");
  theme(wanted.matches);
  wanted.addEventListener("change", () => theme(wanted.matches));
  $("theme").addEventListener("click", () => theme(!document.documentElement.classList.contains("dark")));
  addEventListener("resize", drawMap);
  if (data.invalid.length > 0) {
    $("invalid").hidden = false;
    $("invalid").append(make("h2", {}, words.invalid),
      make("ul", {}, ...data.invalid.map((one) => make("li", {}, make("code", {}, `${one.file}:${one.row}`), " " + one.message))));
  }
  draw();
}

start();
