// Faces on a frame: a square that follows the hand, landmarks that can be dragged. The server says
// in data-state what is there; what a hand does goes back as events of the overlay.
"use strict";

(() => {
  const SPACE = "http://www.w3.org/2000/svg";
  const JAW = [...Array(17).keys()];
  const BROWS = [26, 25, 24, 23, 22, 21, 20, 19, 18, 17];
  const EVERY = 25; // ms between two questions while a square moves
  const marks = new WeakMap(); // overlay -> what is shown and held

  const make = (name, attributes, parent) => {
    const made = document.createElementNS(SPACE, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    parent.append(made);
    return made;
  };
  // (0, 0) is the centre of the first pixel, and the corner of the drawing.
  const path = (points) => points.map(([x, y]) => `${x + 0.5},${y + 0.5}`).join(" ");
  const corners = ([x, y, side, angle]) => [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([u, v]) => [
    x + side / 2 * (u * Math.cos(angle) - v * Math.sin(angle)),
    y + side / 2 * (u * Math.sin(angle) + v * Math.cos(angle)),
  ]);

  const drawFace = (svg, face, number, unit) => {
    const group = make("g", { class: `k-face${face.chosen ? " k-chosen" : ""}${face.locked ? " k-locked" : ""}` }, svg);
    const square = corners(face.region);
    make("polygon", { points: path(square), class: "k-square", "data-face": number }, group);
    make("polyline", { points: path(square.slice(0, 2)), class: "k-top" }, group);
    if (!face.points) return;
    const xs = face.points.map((p) => p[0]), ys = face.points.map((p) => p[1]);
    make("rect", {
      x: Math.min(...xs) + 0.5, y: Math.min(...ys) + 0.5,
      width: Math.max(...xs) - Math.min(...xs), height: Math.max(...ys) - Math.min(...ys), class: "k-box",
    }, group);
    make("polygon", { points: path([...JAW, ...BROWS].map((i) => face.points[i])), class: "k-outline" }, group);
    face.points.forEach(([x, y], index) => make("circle", {
      cx: x + 0.5, cy: y + 0.5, r: 2.6 * unit, class: "k-point", "data-face": number, "data-point": index,
    }, group));
  };

  const draw = (overlay) => {
    const known = marks.get(overlay);
    const { state } = known;
    const [width, height] = state.size;
    // How many pixels of the frame one of the screen is.
    const unit = width / Math.max(overlay.getBoundingClientRect().width, 1);
    overlay.style.setProperty("--unit", unit);
    overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    overlay.replaceChildren();
    state.faces.forEach((face, number) => {
      const moved = known.moving?.number === number;
      drawFace(overlay, moved ? { ...face, region: known.moving.region, points: state.draft } : face, number, unit);
    });
    if (known.moving && known.moving.number === null)
      drawFace(overlay, { region: known.moving.region, points: state.draft, chosen: true }, -1, unit);
  };

  const tell = (overlay, what, detail) =>
    overlay.dispatchEvent(new CustomEvent("mark", { detail: { what, frame: marks.get(overlay).state.frame, ...detail } }));

  const ask = (overlay) => {
    const known = marks.get(overlay);
    const wait = known.asked + EVERY - performance.now();
    if (known.timer) return;
    known.timer = setTimeout(() => {
      known.timer = null;
      known.asked = performance.now();
      if (known.moving) tell(overlay, "move", known.moving);
    }, Math.max(wait, 0));
  };

  const take = (overlay) => {
    const state = JSON.parse(overlay.dataset.state);
    const known = marks.get(overlay) ?? { asked: 0, timer: null, moving: null, drag: null, at: null };
    if (known.state?.frame !== state.frame) { known.moving = null; known.drag = null; }
    known.state = state;
    marks.set(overlay, known);
    if (!state.carry && !known.drag) known.moving = null;
    if (state.carry && !known.moving && known.at) carry(overlay, known.at);
    if (state.carry && known.moving && state.carry.put !== known.put) {
      const [x, y] = known.moving.region;
      known.moving = { number: state.carry.number, region: [x, y, state.carry.side, state.carry.angle] };
    }
    known.put = state.carry?.put;
    draw(overlay);
  };

  const carry = (overlay, [x, y]) => {
    const known = marks.get(overlay), { state } = known;
    const { side, angle } = known.moving ? { side: known.moving.region[2], angle: known.moving.region[3] } : state.carry;
    known.moving = { number: state.carry.number, region: [x, y, side, angle] };
    draw(overlay);
    ask(overlay);
  };

  const place = (overlay, event) => {
    const box = overlay.getBoundingClientRect(), [width, height] = marks.get(overlay).state.size;
    return [(event.clientX - box.left) / box.width * width - 0.5, (event.clientY - box.top) / box.height * height - 0.5];
  };
  const overlayOf = (event) => {
    const overlay = event.target.closest?.("[data-viewer=marking]")?.querySelector("svg[data-state]");
    return overlay && marks.has(overlay) ? overlay : null;
  };

  document.addEventListener("pointermove", (event) => {
    const overlay = overlayOf(event);
    if (!overlay) return;
    const known = marks.get(overlay), at = place(overlay, event);
    known.at = at;
    if (known.drag?.kind === "point") {
      known.state.faces[known.drag.face].points[known.drag.point] = at;
      known.drag.moved = true;
      draw(overlay);
    } else if (known.drag?.kind === "face") {
      const [dx, dy] = [at[0] - known.drag.from[0], at[1] - known.drag.from[1]];
      const unit = Number(overlay.style.getPropertyValue("--unit")) || 1;
      if (!known.moving && Math.hypot(dx, dy) < 4 * unit) return;
      const [x, y, side, angle] = known.drag.region;
      known.moving = { number: known.drag.face, region: [x + dx, y + dy, side, angle] };
      draw(overlay);
      ask(overlay);
    } else if (known.state.carry) carry(overlay, at);
  });

  document.addEventListener("pointerdown", (event) => {
    const overlay = overlayOf(event);
    if (!overlay || event.button !== 0) return;
    const known = marks.get(overlay), { state } = known;
    if (state.carry) return;
    const face = Number(event.target.dataset?.face ?? -1);
    if (!(face >= 0)) return;
    event.preventDefault();
    overlay.setPointerCapture?.(event.pointerId);
    if (event.target.dataset.point !== undefined && !state.faces[face].locked)
      known.drag = { kind: "point", face, point: Number(event.target.dataset.point), moved: false };
    else
      known.drag = { kind: state.faces[face].locked ? "locked" : "face", face, from: place(overlay, event), region: state.faces[face].region };
  });

  document.addEventListener("pointerup", (event) => {
    const overlay = overlayOf(event);
    if (!overlay) return;
    const known = marks.get(overlay), { drag } = known;
    known.drag = null;
    if (known.state.carry && event.button === 0) {
      if (!known.moving) carry(overlay, place(overlay, event));
      tell(overlay, "set", known.moving);
    } else if (drag?.kind === "point" && drag.moved)
      tell(overlay, "point", { number: drag.face, point: drag.point, at: known.state.faces[drag.face].points[drag.point] });
    else if (drag && known.moving) tell(overlay, "set", known.moving);
    else if (drag) tell(overlay, "choose", { number: drag.face });
  });

  document.addEventListener("wheel", (event) => {
    const overlay = event.ctrlKey ? null : overlayOf(event);
    if (!overlay) return;
    const known = marks.get(overlay), { state } = known;
    event.preventDefault();
    const steps = -Math.sign(event.deltaY || event.deltaX);
    const turn = event.shiftKey ? steps * Math.PI / 60 : 0;
    const larger = event.shiftKey ? 1 : 1.06 ** steps;
    if (known.moving) {
      const [x, y, side, angle] = known.moving.region;
      known.moving.region = [x, y, Math.max(8, side * larger), angle + turn];
      draw(overlay);
      ask(overlay);
    } else if (!state.carry) tell(overlay, "adjust", { larger, turn });
  }, { passive: false });

  document.addEventListener("pointerleave", (event) => {
    if (event.target.matches?.("[data-viewer=marking]")) {
      const overlay = event.target.querySelector("svg[data-state]");
      if (marks.has(overlay)) marks.get(overlay).at = null;
    }
  }, true);

  new MutationObserver((changes) => {
    const found = new Set();
    for (const change of changes) {
      if (change.type === "attributes") found.add(change.target);
      for (const node of change.addedNodes)
        if (node.querySelectorAll) for (const one of node.querySelectorAll("svg[data-state]")) found.add(one);
    }
    for (const one of found) if (one.matches("svg[data-state]")) take(one);
  }).observe(document.documentElement, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
})();
