// What every page does better with a script: a table that needs no scrolling is no stop for the keyboard.
"use strict";
(() => {
  const settle = () => {
    for (const box of document.querySelectorAll(".scroll")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  settle();
  addEventListener("resize", settle);
  document.addEventListener("toggle", settle, true);
})();
