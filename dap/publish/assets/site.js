// What every page does better with a script: a table that needs no scrolling is no stop for the keyboard, and a chart
// can be explored bar by bar. The numbers are those of the chart's own table.
"use strict";
(() => {
  // On a phone each row of a wide table is a block, and each cell says its column. The roles are said once more, for
  // some browsers take a table for none when its parts are laid out otherwise.
  for (const table of document.querySelectorAll("table.stack")) {
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    table.setAttribute("role", "table");
    for (const part of table.querySelectorAll("thead, tbody")) part.setAttribute("role", "rowgroup");
    for (const row of table.rows) {
      row.setAttribute("role", "row");
      for (const cell of row.cells) {
        cell.setAttribute("role", cell.tagName === "TD" ? "cell" : cell.scope === "row" ? "rowheader" : "columnheader");
        if (cell.tagName === "TD") cell.dataset.head = heads[cell.cellIndex];
      }
    }
    table.classList.add("stacked");
  }

  const settle = () => {
    for (const box of document.querySelectorAll(".scroll")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  settle();
  addEventListener("resize", settle);
  document.addEventListener("toggle", settle, true);

  const explore = (figure) => {
    const drawing = figure.querySelector("svg"), rows = figure.querySelectorAll("tbody tr");
    const bars = [...drawing.querySelectorAll(".bar")];
    if (!bars.length || bars.length > rows.length) return;
    const button = document.createElement("button"), said = document.createElement("p");
    button.type = "button";
    button.textContent = figure.dataset.explore;
    button.setAttribute("aria-pressed", "false");
    said.className = "said";
    said.setAttribute("role", "status");
    drawing.before(button, said);
    const text = (at) => [...rows[at].children].map((cell) => cell.textContent.trim()).join(": ");
    const show = (at) => {
      bars.forEach((bar, number) => {
        bar.classList.toggle("chosen", number === at);
        bar.tabIndex = number === at ? 0 : -1;
      });
      const place = figure.dataset.place.replace("{0}", at + 1).replace("{1}", bars.length);
      said.textContent = `${text(at)}. ${place}`;
    };
    const start = () => {
      drawing.setAttribute("role", "group");
      bars.forEach((bar, at) => {
        bar.setAttribute("role", "img");
        bar.setAttribute("aria-label", text(at));
        bar.tabIndex = at ? -1 : 0;
      });
      said.textContent = figure.dataset.how;
    };
    const stop = () => {
      drawing.setAttribute("role", "img");
      for (const bar of bars) {
        for (const name of ["role", "aria-label", "tabindex"]) bar.removeAttribute(name);
        bar.classList.remove("chosen");
      }
      said.textContent = "";
    };
    const on = () => button.getAttribute("aria-pressed") === "true";
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(!on()));
      if (on()) start();
      else stop();
    });
    // Heard on the figure: a bar that hears of its own focus would be a stop for the keyboard before it is asked for.
    figure.addEventListener("focusin", (event) => {
      const at = bars.indexOf(event.target);
      if (on() && at >= 0) show(at);
    });
    bars.forEach((bar, at) => {
      for (const kind of ["pointerenter", "click"]) bar.addEventListener(kind, () => on() && show(at));
      bar.addEventListener("keydown", (event) => {
        const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
        const next = event.key === "Home" ? 0 : event.key === "End" ? bars.length - 1 : step && at + step;
        if (event.key === "Escape") {
          button.click();
          button.focus();
        } else if (bars[next]) {
          bars[next].focus();
          event.preventDefault();
        }
      });
    });
  };
  document.querySelectorAll("figure.chart").forEach(explore);
})();
