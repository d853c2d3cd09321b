// The chooser: shows the rows of the chosen topics. What is chosen is kept nowhere and sent nowhere.
"use strict";
(() => {
  const chooser = document.getElementById("chooser");
  const boxes = [...chooser.querySelectorAll("input")];
  const count = document.getElementById("chosen-count");
  const table = document.getElementById("chosen-table");
  const rows = [...table.tBodies[0].rows];
  const show = () => {
    const chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.dataset.topics.split(" ").some((topic) => chosen.has(topic));
      if (!row.hidden) shown += 1;
    }
    table.hidden = shown === 0;
    count.textContent = shown === 0 ? count.dataset.none : count.dataset.some.replace("#", shown);
    dispatchEvent(new Event("resize"));
  };
  chooser.addEventListener("change", show);
  document.getElementById("clear").addEventListener("click", () => {
    for (const box of boxes) box.checked = false;
    show();
  });
  show();
})();
