// Keys, the list of keys, and the line that shows an action as a command: on every page.
"use strict";

(() => {
  const WAIT = 1200; // ms between the two keys of "g o"
  let first = "";
  let since = 0;

  const typing = (element) =>
    element.closest?.("input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable=true], [role=combobox]");

  // Where a layout has other letters, such as Cyrillic ones, a key counts by its place.
  const SIGNS = { Comma: ",<", Period: ".>", BracketLeft: "[{", BracketRight: "]}", Semicolon: ";:", Backquote: "`~" };
  const latin = (event) => {
    if (!/^[^\x00-\x7f]$/.test(event.key)) return event.key;
    const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
    if (letter) return event.shiftKey ? letter : letter.toLowerCase();
    return SIGNS[event.code]?.[event.shiftKey ? 1 : 0] ?? event.key;
  };

  const nameOf = (event) => {
    const key = event.key === " " ? "Space" : latin(event);
    // A letter's case already says Shift; other keys carry it in their name.
    if (key.length === 1 && key.toLowerCase() !== key.toUpperCase())
      return event.shiftKey ? "Shift+" + key.toUpperCase() : key.toLowerCase();
    return event.shiftKey && key.length > 1 ? "Shift+" + key : key;
  };

  const reachable = (element) =>
    !element.disabled && element.getAttribute("aria-disabled") !== "true" &&
    (element.offsetParent !== null || element.hasAttribute("data-hidden-key"));

  const find = (key) =>
    [...document.querySelectorAll("[data-key]")].find((one) =>
      one.dataset.key.split("|").includes(key) && reachable(one));

  // Until the page is connected, clicks wait each for itself and may overtake each other on their way
  // to the server: keys wait in line.
  const line = [];
  let asleep = 0;
  const press = (target) => {
    if (target) line.push(target);
    clearTimeout(asleep);
    if (!window.did_handshake) { asleep = setTimeout(press, 20); return; }
    while (line.length) line.shift().click();
  };

  // A picture that is closed keeps the focus until it has faded: what is typed meanwhile is for the
  // page, and waits. Dialogs with fields are left alone.
  const FADES = 1000; // ms, at most
  const held = [];
  let closing = 0;
  const release = () => {
    if (document.querySelector(".q-dialog") && performance.now() < closing + FADES) { setTimeout(release, 20); return; }
    closing = 0;
    for (const init of held.splice(0))
      (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", init));
  };
  document.addEventListener("keydown", (event) => {
    if (closing) {
      event.preventDefault();
      event.stopImmediatePropagation();
      const { key, code, shiftKey, ctrlKey, metaKey, altKey } = event;
      held.push({ key, code, shiftKey, ctrlKey, metaKey, altKey, bubbles: true, cancelable: true });
    } else if (event.key === "Escape" && document.querySelector(".q-dialog .r-face-dialog")) {
      closing = performance.now();
      setTimeout(release, 20);
    }
  }, true);

  document.addEventListener("keydown", (event) => {
    const help = document.getElementById("help");
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target) || document.querySelector(".q-dialog") || help?.open) return;
    const name = nameOf(event);
    // Enter and Space belong to the button or link that has the focus.
    if ((name === "Enter" || name === "Space") && event.target.closest?.("button, a, [role=button], summary")) return;
    const pair = Date.now() - since < WAIT && first ? find(first + " " + name) : null;
    const target = pair ?? find(name);
    first = name;
    since = Date.now();
    if (pair) first = "";
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, select, textarea")) target.focus();
    else press(target);
  });

  const shown = (key) => key.replace("Shift+", "⇧ ").replace("Arrow", "").replace("|", " / ");

  const showHelp = () => {
    const list = document.getElementById("keys");
    list.replaceChildren();
    for (const element of document.querySelectorAll("[data-key]")) {
      const key = document.createElement("dt");
      key.append(Object.assign(document.createElement("kbd"), { textContent: shown(element.dataset.key) }));
      const name = document.createElement("dd");
      const copy = element.cloneNode(true);
      copy.querySelectorAll("kbd").forEach((one) => one.remove());
      name.textContent = element.dataset.name || element.getAttribute("aria-label") || copy.textContent.trim();
      list.append(key, name);
    }
    document.getElementById("help").showModal();
  };

  const showCommand = (element) => {
    const command = document.getElementById("command");
    if (command && element) command.textContent = element.dataset.command;
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) showHelp();
    if (event.target.closest("[data-copy-command]"))
      navigator.clipboard?.writeText(document.getElementById("command").textContent);
    const help = document.getElementById("help");
    if (event.target === help) help.close();
  });
  for (const kind of ["focusin", "mouseover"])
    document.addEventListener(kind, (event) => showCommand(event.target.closest?.("[data-command]")));

  // Until something is pointed at, the line shows the page's main action, as it changes.
  let main = "";
  const showMain = () => {
    const all = [...document.querySelectorAll("main [data-command]")].filter((one) => one.offsetParent);
    const first = all.find((one) => one.matches(".r-main, .r-next *")) ?? all[0];
    if (first && first.dataset.command !== main && document.getElementById("command")) {
      main = first.dataset.command;
      showCommand(first);
    }
  };
  new MutationObserver(showMain).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-command", "class"],
  });
})();
