// Run inside a copy of a page: what a reader would run into, written into the page as JSON.
"use strict";
const violations = [], errors = [];
addEventListener("securitypolicyviolation", event => violations.push(event.violatedDirective + " " + event.blockedURI));
addEventListener("error", event => errors.push(String(event.message)));
addEventListener("unhandledrejection", event => errors.push(String(event.reason)));
window.hit = () => errors.push("a text of a model has run");

addEventListener("load", async () => {
  const root = document.documentElement;
  const pause = time => new Promise(done => setTimeout(done, time));
  // The browser's time does not wait for what is unpacked beside it: on a busy machine it may run out.
  let late = 0;
  const settled = async () => {
    for (let n = 0; n < 400 && !root.dataset.ready; n++) await pause(25);
    if (!root.dataset.ready) late++;
  };
  await settled();
  const states = [];
  for (const hash of window.wanted || []) {
    delete root.dataset.ready;
    location.hash = hash;
    await settled();
    states.push(seen(hash));
  }
  const keys = await byKeyboard(pause);
  const faults = { light: look("light"), dark: look("dark") };
  const found = { late, violations, errors, states, keys, faults, requests: performance.getEntriesByType("resource").map(one => one.name), width: [root.scrollWidth, innerWidth] };
  const out = document.createElement("pre");
  out.id = "checked";
  out.textContent = JSON.stringify(found);
  document.body.append(out);

  function seen(hash) {
    const rows = [...document.querySelectorAll("#pad .row")];
    return {
      hash: hash,
      count: document.getElementById("count").textContent,
      rows: rows.map(row => row.querySelector(".where").textContent),
      sizes: rows.map(row => [row.getAttribute("aria-posinset"), row.getAttribute("aria-setsize")].join("/")),
      detail: document.getElementById("detail").innerText,
    };
  }

  // `/` goes to the search, arrows go through the list, Enter to the details, Escape back; typing filters.
  async function byKeyboard(pause) {
    const list = document.getElementById("list"), at = [];
    if (!list) return at;
    const press = (to, key) => to.dispatchEvent(new KeyboardEvent("keydown", { key: key, bubbles: true, cancelable: true }));
    const where = () => document.activeElement.id;
    location.hash = "#/items";
    await pause(300);
    press(document.body, "/");
    at.push(where());
    list.focus();
    press(list, "ArrowDown");
    await pause(100);
    press(list, "ArrowDown");
    await pause(100);
    const option = document.getElementById(list.getAttribute("aria-activedescendant"));
    at.push(option.getAttribute("aria-posinset") + " " + option.getAttribute("aria-selected"));
    at.push(location.hash.startsWith("#/items?id="));
    press(list, "Enter");
    at.push(where());
    press(document.getElementById("detail"), "Escape");
    at.push(where());
    const q = document.getElementById("q");
    q.value = "no such text anywhere";
    q.dispatchEvent(new Event("input"));
    await pause(400);
    at.push(document.getElementById("count").textContent.split(" of ")[0]);
    return at;
  }

  // Texts that overlap, words that cannot be read, controls without a name.
  function look(theme) {
    root.dataset.theme = theme;
    const faults = [];
    for (const svg of document.querySelectorAll("svg")) {
      const texts = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]).filter(([, box]) => box.width > 0);
      texts.forEach(([one, a], n) => texts.slice(n + 1).forEach(([other, b]) => {
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left), high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 1 && high > 2) faults.push("overlap in " + svg.getAttribute("aria-labelledby") + ": " + one + " / " + other);
      }));
      if (!svg.querySelector("title")?.textContent) faults.push("a figure without a title");
    }
    const named = element => element.labels?.length || element.getAttribute("aria-label") || element.getAttribute("aria-labelledby") || element.textContent.trim();
    for (const element of document.querySelectorAll("button, input, select, a[href], [role=region], [role=listbox], nav, article")) {
      if (!named(element)) faults.push("no name: " + element.outerHTML.slice(0, 80));
    }
    const ids = [...document.querySelectorAll("[id]")].map(element => element.id);
    ids.forEach((id, n) => { if (ids.indexOf(id) !== n) faults.push("two of id " + id); });
    for (const element of document.querySelectorAll("[aria-labelledby]")) {
      for (const id of element.getAttribute("aria-labelledby").split(" ")) if (!document.getElementById(id)) faults.push("labelled by nothing: " + id);
    }
    let level = 0;
    for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
      const own = Number(heading.tagName[1]);
      if (own > level + 1) faults.push("a heading is left out before " + heading.textContent);
      level = own;
    }
    for (const link of document.querySelectorAll('a[href^="#"]:not([href^="#/"])')) {
      if (!document.getElementById(link.getAttribute("href").slice(1))) faults.push("a link to nowhere: " + link.getAttribute("href"));
    }
    if (document.querySelector("[style]:not(.row):not(#pad)")) faults.push("a style attribute");
    for (const element of document.querySelectorAll("body *")) {
      const words = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
      const box = element.getBoundingClientRect();
      if (!words || !box.width || element.closest("script, noscript, [aria-hidden=true]")) continue;
      const style = getComputedStyle(element), ink = colour(element instanceof SVGElement ? style.fill : style.color), ratio = contrast(ink, ground(element));
      if (ratio < 4.5) faults.push("contrast " + ratio.toFixed(2) + ": " + element.tagName + "." + element.getAttribute("class") + " " + element.textContent.slice(0, 30));
    }
    return [...new Set(faults)].slice(0, 20);
  }

  function colour(text) {
    const numbers = text.match(/[\d.]+/g).map(Number);
    return [...numbers.slice(0, 3), numbers[3] ?? 1];
  }
  function ground(element) {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      if (at instanceof SVGElement) continue;
      const own = colour(getComputedStyle(at).backgroundColor);
      if (own[3] > 0) layers.push(own);
      if (own[3] === 1) break;
    }
    return layers.reverse().reduce((below, [r, g, b, a]) => [r, g, b].map((c, n) => a * c + (1 - a) * below[n]), [255, 255, 255]);
  }
  function contrast(a, b) {
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
    const [x, y] = [light(a), light(b)].sort((x, y) => y - x);
    return (x + 0.05) / (y + 0.05);
  }
});
