// Values that the server gives to controls. A control that a hand holds is left alone until it lets go.
"use strict";

(() => {
  let held = null;
  const show = (control) => {
    if (control === held) return;
    if (control.type === "checkbox") control.checked = control.dataset.value === "1";
    else control.value = control.dataset.value;
  };
  document.addEventListener("pointerdown", (event) => {
    if (event.target.matches?.("input[type=range][data-value]")) held = event.target;
  }, true);
  const letGo = () => {
    const control = held;
    held = null;
    // What was given last is on its way back.
    if (control) setTimeout(() => { if (control !== held) show(control); }, 400);
  };
  document.addEventListener("pointerup", letGo, true);
  document.addEventListener("pointercancel", letGo, true);

  new MutationObserver((changes) => {
    const found = new Set();
    for (const change of changes) {
      if (change.type === "attributes") found.add(change.target);
      for (const node of change.addedNodes)
        if (node.querySelectorAll) for (const one of [node, ...node.querySelectorAll("[data-value]")]) found.add(one);
    }
    for (const one of found) if (one.matches?.("[data-value]")) show(one);
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-value", "data-put"],
  });

  // Who clicks with the mouse goes on with keys: Enter and Space are the page's then, not the button's.
  document.addEventListener("click", (event) => {
    // Quasar moves the focus to a part of its button, after this.
    if (event.detail > 0 && event.target.closest?.("main button")) setTimeout(() => document.activeElement?.blur());
  });

  // A step is larger while Shift is held; a key clicks its button, and the click does not know.
  for (const kind of ["keydown", "keyup"])
    document.addEventListener(kind, (event) => { window.recastShift = event.shiftKey; }, true);
})();
