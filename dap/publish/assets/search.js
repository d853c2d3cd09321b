// The search: finds pages in the index by whole words, beginnings of words, and words with one letter wrong.
// What is typed stays in the page: it is put behind the address's #, which no browser sends.
"use strict";
(() => {
  const form = document.getElementById("search");
  const box = document.getElementById("words");
  const found = document.getElementById("found");
  const list = document.getElementById("results");
  const MOST = 50;
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  // camelCase names are found by their parts too.
  const split = (text) =>
    plain(`${text} ${text.replace(/([a-z0-9])([A-Z])/g, "$1 $2")}`).match(/[a-z0-9]+/g) || [];
  // A cheap stem: what plural and possessive add is taken off, in both languages.
  const stem = (word) => (word.length > 3 ? word.replace(/(?:'s|es|s)$/, "") : word);
  // Split up when it is first needed: a phone would be busy with it while the page is drawn.
  let known = null;
  const everyPage = () => known ??= window.DAP_INDEX.map(([address, kind, title, line, words]) => ({
    address, kind, title, line,
    fields: [[10, split(title)], [5, split(words)], [2, split(line)]].map(([weight, all]) => [
      weight, [...new Set(all.flatMap((word) => [word, stem(word)]))],
    ]),
    said: words.split(";").map((each) => plain(each).trim()),
    whole: plain(`${title} | ${words} | ${line}`).replace(/[^a-z0-9|]+/g, " "),
  }));
  const near = (one, other) => {
    if (one.length < 5 || Math.abs(one.length - other.length) > 1) return false;
    let start = 0;
    while (start < one.length && one[start] === other[start]) start += 1;
    const rest = [one.slice(start), other.slice(start)];
    return rest[0].slice(1) === rest[1].slice(1) || rest[0] === rest[1].slice(1) || rest[0].slice(1) === rest[1]
      || (rest[0][0] === rest[1][1] && rest[0][1] === rest[1][0] && rest[0].slice(2) === rest[1].slice(2));
  };
  const match = (asked, words) => {
    let best = 0;
    for (const word of words) {
      if (word === asked || word === stem(asked)) return 1;
      if (asked.length > 2 && word.startsWith(asked)) best = Math.max(best, 0.7);
      else if (near(asked, word)) best = Math.max(best, 0.4);
    }
    return best;
  };
  const BONUS = { topic: 1.6, collection: 1.25, law: 1.1, element: 1, "code list": 0.8, rule: 0.8, page: 1, notebook: 0.9 };
  const score = (page, asked, phrase) => {
    let total = 0;
    for (const word of asked) {
      const best = Math.max(...page.fields.map(([weight, words]) => weight * match(word, words)));
      if (best === 0) return 0;
      total += best;
    }
    if (asked.length > 1 && page.whole.includes(phrase)) total *= 1.5;
    if (plain(page.title) === phrase) total *= 1.5;
    // A topic lists what a parent types for it.
    if (page.kind === "topic" && page.said.includes(phrase)) total += 20;
    return total * BONUS[page.kind];
  };
  const show = () => {
    // Small words would have to stand on the page too.
    const small = new Set(["a", "an", "the", "of", "for", "my", "is", "de", "la", "el", "los", "las", "mi", "y", "and"]);
    const every = plain(box.value).match(/[a-z0-9]+/g) || [];
    const asked = every.filter((word) => !small.has(word));
    const kinds = new Set([...form.querySelectorAll("fieldset input:checked")].map((each) => each.value));
    list.replaceChildren();
    if (asked.length === 0) { found.textContent = ""; return; }
    const hits = everyPage().filter((page) => kinds.has(page.kind))
      .map((page) => [score(page, asked, every.join(" ")), page])
      .filter(([points]) => points > 0)
      .sort((one, other) => other[0] - one[0] || one[1].title.localeCompare(other[1].title));
    const say = found.dataset;
    found.textContent = hits.length === 0 ? say.none : hits.length === 1 ? say.one
      : (hits.length > MOST ? say.first.replace("@", MOST) : say.many).replace("#", hits.length);
    for (const [, page] of hits.slice(0, MOST)) {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = form.dataset.root + page.address;
      link.textContent = page.title;
      const kind = document.createElement("span");
      kind.className = "tag";
      kind.textContent = document.querySelector(`label[for="${form.querySelector(`[value="${page.kind}"]`).id}"]`).textContent;
      item.append(link, " ", kind);
      if (page.line) {
        const line = document.createElement("p");
        line.className = "small";
        line.textContent = page.line;
        item.append(line);
      }
      list.append(item);
    }
    history.replaceState(null, "", `#q=${encodeURIComponent(box.value)}`);
  };
  const fromAddress = () => {
    const asked = location.hash.match(/^#q=(.*)$/);
    if (asked) { box.value = decodeURIComponent(asked[1]); show(); }
  };
  let waiting = 0;
  box.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 150); });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(waiting); show(); });
  form.querySelector("fieldset").addEventListener("change", show);
  fromAddress();
})();
