// The picture of the merge page: wipe, zoom, and two videos that play as one.
"use strict";

(() => {
  // The sheet has the shape of the picture, as large as the viewer allows.
  const fit = (viewer) => {
    const sheet = viewer.querySelector(".m-sheet");
    if (!sheet) return;
    const [width, height] = viewer.dataset.size.split(" ").map(Number);
    const scale = Math.min(viewer.clientWidth / width, viewer.clientHeight / height);
    sheet.style.setProperty("--fit", `${width * scale}px`);
    sheet.style.setProperty("--fit-height", `${height * scale}px`);
  };
  const sizes = new ResizeObserver((entries) => entries.forEach((one) => fit(one.target)));
  const seen = new WeakSet();
  new MutationObserver(() => {
    for (const viewer of document.querySelectorAll("[data-viewer]"))
      if (!seen.has(viewer)) { seen.add(viewer); sizes.observe(viewer); fit(viewer); wipe(viewer, 0); }
  }).observe(document.documentElement, { subtree: true, childList: true });

  const wipe = (viewer, share) => {
    const held = Math.max(0, Math.min(100, share));
    viewer.style.setProperty("--wipe", held);
    const slider = document.querySelector("[data-wipe]");
    if (slider) slider.value = held;
  };
  const zoom = (viewer, factor) => {
    const now = Number(viewer.style.getPropertyValue("--zoom") || 1);
    const next = factor === 0 ? 1 : Math.max(1, Math.min(16, now * factor));
    const middle = [viewer.scrollLeft + viewer.clientWidth / 2, viewer.scrollTop + viewer.clientHeight / 2];
    viewer.style.setProperty("--zoom", next);
    viewer.scrollLeft = middle[0] * next / now - viewer.clientWidth / 2;
    viewer.scrollTop = middle[1] * next / now - viewer.clientHeight / 2;
  };

  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-wipe]"))
      wipe(document.querySelector("[data-viewer=wipe]"), Number(event.target.value));
  });
  let before = 50;
  document.addEventListener("click", (event) => {
    const viewer = document.querySelector("[data-viewer]");
    if (event.target.closest("[data-original]")) {
      const now = Number(viewer.style.getPropertyValue("--wipe") || 0);
      if (now < 100) before = now;
      wipe(viewer, now < 100 ? 100 : before);
    }
    const zooming = event.target.closest("[data-zoom]");
    if (zooming) zoom(viewer, Number(zooming.dataset.zoom));
    if (event.target.closest("[data-play]")) play();
  });
  const drag = (event) => {
    const viewer = event.target.closest?.("[data-viewer=wipe]");
    if (!viewer || !(event.buttons & 1)) return;
    const box = viewer.querySelector(".m-sheet").getBoundingClientRect();
    wipe(viewer, (event.clientX - box.left) / box.width * 100);
    event.preventDefault();
  };
  document.addEventListener("pointerdown", drag);
  document.addEventListener("pointermove", drag);
  document.addEventListener("wheel", (event) => {
    const viewer = event.ctrlKey && event.target.closest?.("[data-viewer]");
    if (!viewer) return;
    event.preventDefault();
    zoom(viewer, event.deltaY < 0 ? 1.25 : 0.8);
  }, { passive: false });

  // Two videos, one clock: the result's. The other follows it.
  const videos = () => [...document.querySelectorAll("video[data-together]")];
  const play = () => {
    const all = videos();
    if (!all.length) return;
    const paused = all[0].paused;
    for (const one of all) {
      one.currentTime = all[0].currentTime;
      if (paused) one.play(); else one.pause();
    }
  };
  const follow = (event) => {
    const [first, ...others] = videos();
    if (event.target !== first) return;
    for (const one of others) {
      if (Math.abs(one.currentTime - first.currentTime) > 0.06) one.currentTime = first.currentTime;
      if (event.type === "play" && one.paused) one.play();
      if (event.type === "pause" && !one.paused) one.pause();
    }
  };
  for (const kind of ["play", "pause", "seeked", "timeupdate"]) document.addEventListener(kind, follow, true);
  document.addEventListener("error", (event) => {
    if (event.target.matches?.("video[data-together], video[data-together] source"))
      event.target.closest("figure").querySelector("[data-unplayable]").hidden = false;
  }, true);
})();
