// The item browser. Its state is the page's address (#/items?task=…&ok=0&q=…&id=…), so every view can be linked to.
// Texts of models only ever become text nodes.
(async () => {
  const find = id => document.getElementById(id), browser = find("browser");
  if (!browser) return;
  const list = find("list"), pad = find("pad"), detail = find("detail"), count = find("count");
  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text != null) element.textContent = text;
    return element;
  };
  const inflate = async id => {
    const packed = atob(find(id).textContent), bytes = new Uint8Array(packed.length);
    for (let at = 0; at < packed.length; at++) bytes[at] = packed.charCodeAt(at);
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };
  let index;
  try { index = JSON.parse(await inflate("index")); } catch (error) {
    browser.before(make("p", "warning", "This browser cannot unpack the items (" + error.message + "); a newer one can. They are in items.jsonl and items.csv too."));
    return;
  }
  const total = index.id.length, several = index.models.length > 1, HEIGHT = 44, OVERSCAN = 8;
  const whole = number => number.toLocaleString("en");

  // Names.
  const group = i => index.group[i] == null ? "" : index.groups[index.group[i]];
  const task = i => index.tasks[index.task[i]].name;
  const key = i => task(i) + "/" + (group(i) ? group(i) + "/" : "") + index.id[i] + "/" + index.repeat[i];
  // The item of a key, or of an id alone.
  const place = id => {
    if (!id) return -1;
    for (let i = 0; i < total; i++) if (id.endsWith(index.id[i] + "/" + index.repeat[i]) && key(i) === id) return i;
    return index.id.indexOf(id);
  };

  // Characters that would be obeyed instead of shown.
  const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, EACH = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
  const named = c => "⟨U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "⟩";
  const line = text => text.replace(EACH, c => c === "\n" || c === "\t" ? " " : named(c));
  // Adds a text to an element, its line breaks kept.
  const reveal = (to, text) => {
    let from = 0;
    for (const match of text.matchAll(EACH)) {
      if (match[0] === "\n" || match[0] === "\t") continue;
      to.append(text.slice(from, match.index), make("span", "unseen", named(match[0])));
      from = match.index + match[0].length;
    }
    to.append(text.slice(from));
    return to;
  };
  const bdi = text => reveal(make("bdi"), text);
  const block = text => { const pre = make("pre"); pre.append(bdi(text)); return pre; };

  // Items are unpacked when they are needed; searched texts stay.
  const kept = new Map(), lower = [];
  const chunk = async number => {
    if (!kept.has(number)) {
      kept.set(number, (await inflate("chunk-" + number)).split("\n"));
      if (kept.size > 24) kept.delete(kept.keys().next().value);
    }
    return kept.get(number);
  };
  const searchable = async number => lower[number] ??= (await inflate("chunk-" + number)).toLowerCase().split("\n");

  // State.
  const FIELDS = several ? ["q", "task", "group", "a", "b", "ok", "sort"] : ["q", "task", "group", "ok", "sort"];
  const isOurs = () => /^#\/items/.test(location.hash);
  const read = () => {
    const given = new URLSearchParams(isOurs() ? location.hash.replace(/^#\/items\??/, "") : "");
    const state = {};
    for (const field of [...FIELDS, "id"]) state[field] = given.get(field) || "";
    return state;
  };
  const write = state => {
    const parts = [];
    for (const field of [...FIELDS, "id"]) {
      if (state[field]) parts.push(field + "=" + encodeURIComponent(state[field]).replaceAll("%2F", "/"));
    }
    history.replaceState(null, "", "#/items" + (parts.length ? "?" + parts.join("&") : ""));
  };

  // Results, of one model or of two.
  const letters = index.of.map(of => of.ok);
  const RESULTS = several
    ? [["10", "only A right"], ["01", "only B right"], ["11", "both right"], ["00", "both wrong"], ["d", "results differ"], ["0", "some model wrong"], ["e", "some without an answer"], [".", "not in every run"]]
    : [["1", "right"], ["0", "wrong"], ["h", "half right"], ["e", "without an answer"], ["-", "no right or wrong"]];
  const pair = state => [Math.max(0, index.models.indexOf(state.a)), state.b ? Math.max(0, index.models.indexOf(state.b)) : Math.min(1, index.models.length - 1)];
  const fits = (i, ok, a, b) => {
    if (!ok) return true;
    if (!several) return letters[0][i] === ok;
    if (ok.length === 2) return letters[a][i] === ok[0] && letters[b][i] === ok[1];
    if (ok === "d") return letters[a][i] !== letters[b][i];
    return letters.some(of => of[i] === ok);
  };
  const MARKS = { "1": ["✓", "right", "right"], "0": ["✗", "wrong", "wrong"], "h": ["½", "partly", "half right"], "e": ["!", "failed", "without an answer"], "-": ["·", "muted", "no right or wrong"], ".": [" ", "muted", "not in this run"] };

  const value = (name, i, m) => index.of[m][name][i];
  // The number that the order goes by; the model that is worst decides.
  const worst = (name, i, largest) => {
    let found = null;
    for (let m = 0; m < index.models.length; m++) {
      const number = value(name, i, m);
      if (number != null && (found == null || (largest ? number > found : number < found))) found = number;
    }
    return found;
  };
  const sorted = (view, sort) => {
    const name = sort === "wrong" ? "surprise" : sort, largest = name === "surprise";
    if (!["surprise", "margin", "score"].includes(name)) return view;
    const isWrong = i => letters.some(of => of[i] === "0" || of[i] === "h");
    const numbers = new Map(view.map(i => [i, worst(name, i, largest)]));
    return view.sort((i, j) => {
      if (sort === "wrong" && isWrong(i) !== isWrong(j)) return isWrong(i) ? -1 : 1;
      const a = numbers.get(i), b = numbers.get(j);
      if (a == null || b == null) return (a == null) - (b == null) || i - j;
      return (largest ? b - a : a - b) || i - j;
    });
  };

  const NUMBERS = { margin: "the lead of the right answer, in nats", score: "the score", surprise: "how far off the answer is, in nats" };
  let view = [], selected = -1, run = 0;
  const short = number => number == null ? "" : Math.abs(number) >= 1e5 || (number !== 0 && Math.abs(number) < 1e-3) ? number.toExponential(2) : number.toFixed(Math.abs(number) >= 100 ? 1 : 3);

  // Only the rows in sight are in the page.
  const draw = () => {
    const first = Math.max(0, Math.floor(list.scrollTop / HEIGHT) - OVERSCAN);
    const last = Math.min(view.length, Math.ceil((list.scrollTop + list.clientHeight) / HEIGHT) + OVERSCAN);
    const sort = find("sort").value, name = ["margin", "score"].includes(sort) ? sort : sort ? "surprise" : "margin";
    find("legend").textContent = "On the right: " + NUMBERS[name] + (several ? ", the worst of the models" : "") + ".";
    const rows = [];
    for (let at = first; at < last; at++) {
      const i = view[at], row = make("div", "row");
      row.id = "row-" + at;
      row.style.top = at * HEIGHT + "px";
      row.dataset.at = at;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", i === selected);
      row.setAttribute("aria-setsize", view.length);
      row.setAttribute("aria-posinset", at + 1);
      const outcome = make("span", "outcome");
      for (let m = 0; m < letters.length; m++) {
        const [mark, look, words] = MARKS[letters[m][i]], one = make("span", look, mark);
        one.title = several ? index.models[m] + ": " + words : words;
        one.setAttribute("aria-label", one.title + ",");
        one.setAttribute("role", "img");
        outcome.append(one);
      }
      const head = make("span", "head"), where = make("span", "where");
      head.append(make("bdi", "", line(index.head[i])));
      where.append(make("bdi", "", line(key(i))));
      row.append(outcome, head, make("span", "figure num muted", short(worst(name, i, name === "surprise"))), where);
      rows.push(row);
    }
    pad.replaceChildren(...rows);
    const at = view.indexOf(selected);
    if (at >= first && at < last) list.setAttribute("aria-activedescendant", "row-" + at); else list.removeAttribute("aria-activedescendant");
  };
  const scrollTo = at => {
    if (at < 0) return;
    if (at * HEIGHT < list.scrollTop || (at + 1) * HEIGHT > list.scrollTop + list.clientHeight) {
      list.scrollTop = Math.max(0, at * HEIGHT - list.clientHeight / 2 + HEIGHT / 2);
    }
  };

  // Words of one text that the other lacks, by the longest common subsequence.
  const difference = (from, to) => {
    const a = from.trim().match(/\S+\s*/g) || [], b = to.trim().match(/\S+\s*/g) || [];
    if (!a.length || !b.length || a.length * b.length > 160000) return null;
    const same = (i, j) => a[i].trim() === b[j].trim();
    const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
    for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) longest[i][j] = same(i, j) ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    // Texts that share next to nothing are read better apart.
    if (longest[0][0] * 3 < Math.min(a.length, b.length)) return null;
    const pre = make("pre"), out = make("bdi");
    for (let i = 0, j = 0; i < a.length || j < b.length;) {
      if (i < a.length && j < b.length && same(i, j)) { reveal(out, b[j]); i++; j++; }
      else if (j < b.length && (i === a.length || longest[i][j + 1] >= longest[i + 1][j])) out.append(reveal(make("ins", "more"), b[j++]));
      else out.append(reveal(make("del", "gap"), a[i++]));
    }
    pre.append(out);
    return pre;
  };

  // A text, token by token: the less expected, the darker. Arrows go from one to the next.
  const coloured = (names, columns) => {
    const texts = columns[names.indexOf("token")], logprobs = columns[names.indexOf("logprob")];
    const box = make("div"), strip = make("div", "tokens"), said = make("p", "muted");
    strip.tabIndex = 0;
    strip.setAttribute("role", "group");
    strip.setAttribute("aria-label", "The tokens, coloured by surprisal; arrow keys go from one to the next");
    said.setAttribute("role", "status");
    said.textContent = "Point at a token, or use the arrow keys here, for its probability.";
    let at = -1;
    const tell = n => {
      at = n;
      const nats = -logprobs[n], share = 100 * Math.exp(-nats);
      said.textContent = "Token " + (n + 1) + " of " + texts.length + ": “" + line(texts[n]).replaceAll(" ", "·") + "” — " + (logprobs[n] == null ? "not scored" : "probability " + (share < 0.01 ? share.toExponential(1) : share.toFixed(2)) + " %, surprisal " + nats.toFixed(2) + " nats");
    };
    texts.forEach((text, n) => {
      const nats = -logprobs[n], token = make("span", "token s" + Math.min(6, Math.max(0, Math.floor(nats / 1.5))));
      token.tabIndex = -1;
      token.append(bdi(text));
      token.title = logprobs[n] == null ? "not scored" : nats.toFixed(2) + " nats";
      token.addEventListener("mouseenter", () => tell(n));
      token.addEventListener("focus", () => tell(n));
      strip.append(token);
    });
    strip.addEventListener("keydown", event => {
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
      if (!step) return;
      event.preventDefault();
      strip.children[Math.max(0, Math.min(texts.length - 1, at + step))]?.focus();
    });
    box.append(strip, said, scale());
    return box;
  };
  const scale = () => {
    const p = make("p", "scale muted");
    p.append("nats: ");
    ["under 1.5", "1.5", "3", "4.5", "6", "7.5", "over 9"].forEach((text, n) => p.append(make("span", "s" + n, text)));
    return p;
  };
  const table = (names, columns, caption) => {
    const box = make("div", "scroll"), element = make("table"), head = make("tr");
    if (caption) element.append(make("caption", "", caption));
    for (const name of names) { const th = make("th", "", name); th.scope = "col"; head.append(th); }
    element.append(head);
    for (let row = 0; row < (columns[0] || []).length; row++) {
      const tr = make("tr");
      for (const column of columns) tr.append(cell(column[row]));
      element.append(tr);
    }
    box.append(element);
    return box;
  };
  const cell = content => {
    const td = make("td", typeof content === "number" ? "num" : "");
    if (content != null) td.append(bdi(typeof content === "string" ? content : typeof content === "number" ? written(content) : JSON.stringify(content)));
    return td;
  };
  const written = number => Number.isInteger(number) ? String(number) : Math.abs(number) < 1e-4 ? number.toExponential(3) : String(+number.toPrecision(5));

  // Everything about an item, all models side by side.
  const TEXTS = { prompt: "Prompt", gold: "Right answer", target: "Target", output: "Answer" };
  const show = async i => {
    selected = i;
    draw();
    if (i < 0) return;
    const answers = JSON.parse((await chunk(Math.floor(i / index.chunk)))[i % index.chunk]);
    if (selected !== i) return;
    const of = index.tasks[index.task[i]], parts = [];
    const heading = make("h3");
    heading.append(make("bdi", "mono", line(key(i))));
    parts.push(heading);
    const columns = answers.map((answer, m) => {
      const cells = {};
      if (Array.isArray(answer)) of.columns[m].forEach((name, n) => { cells[name] = answer[0][n]; });
      return cells;
    });
    const shared = name => {
      const texts = columns.map(cells => cells[name]).filter(text => typeof text === "string");
      return texts.length && texts.every(text => text === texts[0]) ? texts[0] : null;
    };
    const told = new Set();
    const title = (to, words) => to.push(make("h4", "", words));
    for (const name of ["prompt", "gold", "target"]) {
      const text = shared(name);
      if (text == null) continue;
      // A text that is shown by its tokens is not shown twice.
      if (name === "prompt" && of.details.some(details => details.some(([, names]) => names.includes("place")))) { told.add(name); continue; }
      title(parts, TEXTS[name]);
      parts.push(block(text));
      told.add(name);
    }
    const models = make("div", several ? "models" : "");
    answers.forEach((answer, m) => {
      const box = make("div"), inside = [], [mark, look, words] = MARKS[letters[m][i]], verdict = make("h4", look, mark + " " + words);
      if (several) { const name = make("h3"); name.append(bdi(index.models[m])); inside.push(name, verdict); }
      else parts.splice(1, 0, verdict);
      if (typeof answer === "string") inside.push(block(answer));
      if (Array.isArray(answer)) {
        for (const name in TEXTS) {
          if (told.has(name) || typeof columns[m][name] !== "string") continue;
          const text = columns[m][name], gold = columns[m].gold;
          const diff = name === "output" && typeof gold === "string" && gold.trim() !== text.trim() ? difference(gold, text) : null;
          title(inside, TEXTS[name] + (diff ? ", against the right one" : ""));
          inside.push(diff || block(text));
        }
        of.details[m].forEach(([name, names], n) => {
          const found = answer[n + 1];
          if (!(found[0] || []).length) return;
          if (names.includes("place") && names.includes("logprob")) {
            title(inside, "Text, by surprisal");
            inside.push(coloured(names, found));
            const more = make("details");
            more.append(make("summary", "", whole(found[0].length) + " tokens as a table"), table(names, found, name));
            inside.push(more);
          } else inside.push(table(names, found, name.replaceAll("_", " ")));
        });
      }
      box.append(...inside);
      models.append(box);
    });
    parts.push(models);
    // The other values, a model a column.
    const names = [...new Set(of.columns.flatMap(names => names || []))].filter(name => !(name in TEXTS) && columns.some(cells => cells[name] != null));
    if (names.length) {
      title(parts, "Values");
      parts.push(table(["", ...(several ? index.models : ["value"])], [names, ...columns.map(cells => names.map(name => cells[name]))], ""));
    }
    detail.replaceChildren(...parts);
    detail.scrollTop = 0;
  };

  const apply = async () => {
    const me = ++run, state = read(), [a, b] = pair(state);
    for (const field of FIELDS) if (find(field).value !== state[field]) find(field).value = state[field];
    if (several) { find("a").value = index.models[a]; find("b").value = index.models[b]; }
    const wantedTask = state.task && index.tasks.findIndex(one => one.name === state.task);
    const wantedGroup = state.group && index.groups.indexOf(state.group);
    let found = [];
    for (let i = 0; i < total; i++) {
      if (state.task && index.task[i] !== wantedTask) continue;
      if (state.group && index.group[i] !== wantedGroup) continue;
      if (fits(i, state.ok, a, b)) found.push(i);
    }
    if (state.q) {
      // As the text is written in the data.
      const q = JSON.stringify(state.q.toLowerCase()).slice(1, -1), hits = [];
      for (let n = 0; n < found.length; n++) {
        const i = found[n], number = Math.floor(i / index.chunk);
        if (!lower[number]) {
          if (n) count.textContent = "Searching, " + Math.round(100 * n / found.length) + " % …";
          await searchable(number);
          if (me !== run) return;
        }
        if (lower[number][i % index.chunk].includes(q) || key(i).toLowerCase().includes(state.q.toLowerCase())) hits.push(i);
      }
      found = hits;
    }
    view = sorted(found, state.sort);
    pad.style.height = view.length * HEIGHT + "px";
    count.textContent = whole(view.length) + " of " + whole(total) + (total === 1 ? " item" : " items");
    list.scrollTop = 0;
    const opened = place(state.id);
    if (state.id && opened < 0) detail.replaceChildren(make("p", "warning", "This page has no item “" + line(state.id) + "”."));
    scrollTo(view.indexOf(opened));
    await show(opened);
    if (me === run) document.documentElement.dataset.ready = String(total);
  };
  const change = fields => { write({ ...read(), ...fields }); return apply(); };
  const open = i => { write({ ...read(), id: key(i) }); return show(i); };

  // Choices.
  const choice = (select, value, words) => { const option = new Option(line(words), value); find(select).append(option); };
  index.tasks.forEach(one => choice("task", one.name, one.name));
  index.groups.forEach(one => choice("group", one, one));
  find("group").parentElement.hidden = !index.groups.length;
  find("task").parentElement.hidden = index.tasks.length < 2;
  if (several) index.models.forEach(one => { choice("a", one, one); choice("b", one, one); });
  for (const [value, words] of RESULTS) {
    if (several || letters[0].includes(value)) choice("ok", value, words);
  }

  let typed;
  for (const field of FIELDS) {
    find(field).addEventListener(field === "q" ? "input" : "change", event => {
      clearTimeout(typed);
      const go = () => change({ [field]: event.target.value });
      if (field === "q") typed = setTimeout(go, 150); else go();
    });
  }
  find("reset").addEventListener("click", () => { history.replaceState(null, "", "#/items"); apply(); find("q").focus(); });
  let drawing = false;
  list.addEventListener("scroll", () => {
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => { drawing = false; draw(); });
  }, { passive: true });
  addEventListener("resize", draw);
  pad.addEventListener("click", event => {
    const row = event.target.closest(".row");
    if (row) open(view[+row.dataset.at]);
  });
  list.addEventListener("keydown", event => {
    if (event.key === "Enter") { detail.focus(); event.preventDefault(); return; }
    const page = Math.max(1, Math.floor(list.clientHeight / HEIGHT) - 1);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (!step || !view.length) return;
    event.preventDefault();
    const at = Math.max(0, Math.min(view.length - 1, view.indexOf(selected) + step));
    scrollTo(at);
    open(view[at]);
  });
  detail.addEventListener("keydown", event => { if (event.key === "Escape") list.focus(); });
  document.addEventListener("keydown", event => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT|TEXTAREA/.test(document.activeElement.tagName)) return;
    event.preventDefault();
    find("q").focus();
  });
  addEventListener("hashchange", () => { if (isOurs()) { find("items").scrollIntoView(); apply(); } });

  browser.hidden = false;
  await apply();
  if (isOurs()) find("items").scrollIntoView({ behavior: "instant" });
})();
