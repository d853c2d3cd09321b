// The chooser: shows the rows of the chosen topics. What is chosen is kept nowhere and sent nowhere.
"use strict";
(() => {
  const form = document.getElementById("chooser");
  const section = document.getElementById("chosen");
  const count = document.getElementById("chosen-count");
  const table = document.getElementById("chosen-table");
  const rows = [...table.tBodies[0].rows];
  const show = () => {
    const chosen = new Set([...form.querySelectorAll("input:checked")].map((box) => box.value));
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.dataset.topics.split(" ").some((topic) => chosen.has(topic));
      if (!row.hidden) shown += 1;
    }
    table.hidden = shown === 0;
    count.textContent = shown === 0 ? count.dataset.none : count.dataset.some.replace("#", shown);
    dispatchEvent(new Event("resize"));
  };
  form.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  section.hidden = false;
  show();
})();
