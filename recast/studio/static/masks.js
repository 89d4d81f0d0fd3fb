// Drawing on a crop: polygons and strokes of a brush. What was drawn goes to the server as a whole.
"use strict";

(() => {
  const held = new WeakMap(); // canvas -> { points, drawing, at }

  const canvasOf = (event) => event.target.closest?.("[data-viewer=masks]")?.querySelector("canvas[data-state]");
  const stateOf = (canvas) => JSON.parse(canvas.dataset.state);
  const know = (canvas) => {
    if (!held.has(canvas)) held.set(canvas, { points: [], drawing: false, at: null });
    return held.get(canvas);
  };
  // (0, 0) is the centre of the first pixel.
  const place = (canvas, event) => {
    const box = canvas.getBoundingClientRect(), { size } = stateOf(canvas);
    return [(event.clientX - box.left) / box.width * size - 0.5, (event.clientY - box.top) / box.height * size - 0.5];
  };

  const draw = (canvas) => {
    const { size, tool, adds, width } = stateOf(canvas), { points, at } = know(canvas);
    const scale = Math.max(1, Math.round(canvas.getBoundingClientRect().width)) / size;
    canvas.width = canvas.height = Math.round(size * scale);
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.translate(0.5, 0.5);
    pen.lineCap = pen.lineJoin = "round";
    const colour = adds ? "#8fc796" : "#f2958d";
    pen.strokeStyle = pen.fillStyle = colour;
    if (points.length) {
      pen.beginPath();
      points.forEach(([x, y], index) => (index ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      if (tool === "brush") {
        if (points.length === 1) pen.lineTo(points[0][0] + 0.01, points[0][1]);
        pen.globalAlpha = 0.5;
        pen.lineWidth = width;
        pen.stroke();
        pen.globalAlpha = 1;
      } else {
        if (at) pen.lineTo(...at);
        pen.lineWidth = 1.5 / scale;
        pen.stroke();
        for (const [x, y] of points) { pen.beginPath(); pen.arc(x, y, 3 / scale, 0, 7); pen.fill(); }
      }
    }
    if (tool === "brush" && at) {
      pen.lineWidth = 1.5 / scale;
      pen.beginPath();
      pen.arc(at[0], at[1], width / 2, 0, 7);
      pen.stroke();
    }
  };

  const send = (canvas) => {
    const known = know(canvas), { tool, name } = stateOf(canvas);
    const points = known.points;
    known.points = [];
    known.drawing = false;
    draw(canvas);
    if (points.length >= (tool === "brush" ? 1 : 3))
      canvas.dispatchEvent(new CustomEvent("drawn", { detail: { tool, name, points } }));
  };

  document.addEventListener("pointerdown", (event) => {
    const canvas = canvasOf(event);
    if (!canvas || event.button !== 0) return;
    event.preventDefault();
    const known = know(canvas), at = place(canvas, event);
    if (stateOf(canvas).tool === "brush") { known.points = [at]; known.drawing = true; canvas.setPointerCapture?.(event.pointerId); }
    else {
      const [first] = known.points, { size } = stateOf(canvas);
      const near = first && known.points.length > 2 && Math.hypot(first[0] - at[0], first[1] - at[1]) < size / 60;
      if (near) { send(canvas); return; }
      known.points.push(at);
    }
    draw(canvas);
  });
  document.addEventListener("pointermove", (event) => {
    const canvas = canvasOf(event);
    if (!canvas) return;
    const known = know(canvas);
    known.at = place(canvas, event);
    if (known.drawing) known.points.push(known.at);
    draw(canvas);
  });
  document.addEventListener("pointerup", (event) => {
    const canvas = canvasOf(event);
    if (canvas && know(canvas).drawing) send(canvas);
  });
  document.addEventListener("click", (event) => {
    const canvas = document.querySelector("[data-viewer=masks] canvas[data-state]");
    if (!canvas) return;
    if (event.target.closest("[data-close-polygon]")) send(canvas);
    if (event.target.closest("[data-drop-polygon]")) { know(canvas).points = []; know(canvas).drawing = false; draw(canvas); }
  });
  new MutationObserver((changes) => {
    const found = new Set();
    for (const change of changes) {
      if (change.type === "attributes") found.add(change.target);
      for (const node of change.addedNodes)
        if (node.querySelectorAll) for (const one of node.querySelectorAll("canvas[data-state]")) found.add(one);
    }
    for (const canvas of found) {
      if (!canvas.matches("canvas[data-state]")) continue;
      const known = know(canvas), state = stateOf(canvas);
      if (known.name !== state.name || known.tool !== state.tool) { known.points = []; known.drawing = false; }
      known.name = state.name;
      known.tool = state.tool;
      draw(canvas);
    }
  }).observe(document.documentElement, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
})();
