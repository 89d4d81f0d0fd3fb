// Pictures that the server computes anew while a hand moves. An element says in data-live where the
// newest one is; it is fetched when the one before has come, so that on a slow link those in between
// are never asked for, and each that is asked for is seen. What it is of, data-live-frame or the like,
// stands in data-frame when it is fetched; until it is seen the picture of something else fades.
"use strict";

(() => {
  const NAMES = ["frame", "before", "name", "crop"];
  const coming = new WeakMap(); // picture -> what is being fetched is of
  const seen = new WeakMap(); // picture -> what it shows is of

  const promised = (picture) => NAMES.map((name) => picture.getAttribute(`data-live-${name}`)).join();
  const fetchNewest = (picture) => {
    const newest = picture.dataset.live;
    if (newest && !coming.has(picture) && picture.getAttribute("src") !== newest) {
      coming.set(picture, promised(picture));
      picture.src = newest;
      for (const name of NAMES) {
        const of = picture.getAttribute(`data-live-${name}`);
        if (of !== null) picture.setAttribute(`data-${name}`, of);
      }
    }
    picture.toggleAttribute("data-waits", seen.has(picture) && seen.get(picture) !== promised(picture));
  };
  const ended = (event) => {
    const picture = event.target;
    if (!coming.has(picture)) return;
    if (event.type === "load") seen.set(picture, coming.get(picture));
    coming.delete(picture);
    fetchNewest(picture);
  };
  for (const kind of ["load", "error"]) document.addEventListener(kind, ended, true);

  new MutationObserver((changes) => {
    const found = new Set();
    for (const change of changes) {
      if (change.type === "attributes") found.add(change.target);
      for (const node of change.addedNodes)
        for (const one of node.querySelectorAll?.("img[data-live]") ?? []) found.add(one);
    }
    for (const one of found) fetchNewest(one);
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true,
    attributeFilter: ["data-live", ...NAMES.map((name) => `data-live-${name}`)],
  });
})();
