// Values that the server gives to controls. One that a hand holds is left alone until it lets go, and
// so is one whose newest value the server has not heard of yet: what it says meanwhile is older.
"use strict";

(() => {
  let held = null;
  const typed = new WeakSet(); // fields that are being typed into
  const sent = new WeakMap(); // control -> how many of its values were sent

  // Counts a value on its way to the server, which gives the number back in data-heard.
  window.recastSent = (control) => {
    sent.set(control, (sent.get(control) ?? 0) + 1);
    return { value: control.type === "checkbox" ? control.checked : control.value, number: sent.get(control) };
  };
  const isAhead = (control) => control === held || typed.has(control) ||
    (sent.get(control) ?? 0) > Number(control.dataset.heard ?? 0);
  const slider = (control) => control.closest(".c-row")?.querySelector("input[type=range]");
  const show = (control) => {
    if (isAhead(control) || isAhead(slider(control) ?? control)) return;
    if (control.type === "checkbox") control.checked = control.dataset.value === "1";
    else control.value = control.dataset.value;
  };
  const together = (control) => control.closest(".c-row")?.querySelectorAll("[data-value]") ?? [control];
  document.addEventListener("pointerdown", (event) => {
    if (event.target.matches?.("input[type=range][data-value]")) held = event.target;
  }, true);
  const letGo = () => {
    const control = held;
    held = null;
    if (control) together(control).forEach(show);
  };
  document.addEventListener("pointerup", letGo, true);
  document.addEventListener("pointercancel", letGo, true);

  const FIELDS = "input[data-value]:not([type=range]):not([type=checkbox])";
  document.addEventListener("input", (event) => {
    if (event.target.matches(FIELDS)) typed.add(event.target);
    // The number beside a slider follows it, without the way over the server.
    const number = slider(event.target) === event.target && event.target.closest(".c-row").querySelector("input.c-number");
    if (number) number.value = event.target.value;
  }, true);
  document.addEventListener("change", (event) => { typed.delete(event.target); }, true);
  document.addEventListener("focusout", (event) => { if (typed.delete(event.target)) show(event.target); }, true);

  new MutationObserver((changes) => {
    const found = new Set();
    for (const change of changes) {
      if (change.type === "attributes") found.add(change.target);
      for (const node of change.addedNodes)
        if (node.querySelectorAll) for (const one of [node, ...node.querySelectorAll("[data-value]")]) found.add(one);
    }
    for (const one of found) if (one.matches?.("[data-value]")) together(one).forEach(show);
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-value", "data-put", "data-heard"],
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
