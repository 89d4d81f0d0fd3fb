// What is wrong with a page for people who see badly, or do not see: as a list of sentences.
() => {
  const troubles = [];
  const visible = (one) => {
    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    return box.width > 1 && box.height > 1 && style.visibility !== "hidden" && style.display !== "none" &&
      style.opacity !== "0" && box.right > 0;
  };
  const spelled = (one) => `${one.tagName.toLowerCase()}.${[...one.classList].join(".")} "${(one.innerText ?? "").trim().slice(0, 30)}"`;

  const nameOf = (one) => {
    const by = one.getAttribute("aria-labelledby");
    if (by) return by.split(" ").map((id) => document.getElementById(id)?.innerText ?? "").join(" ").trim();
    return one.getAttribute("aria-label") || one.alt || one.closest("label")?.innerText ||
      (one.labels?.length ? one.labels[0].innerText : "") || (one.matches("input, select, textarea") ? "" : one.innerText) || "";
  };
  const asked = "a[href], button, input, select, textarea, summary, img, [role=button], [role=checkbox], [role=slider], " +
    "[role=combobox], [role=radio], [role=radiogroup], [role=listbox], nav, progress, video, dialog";
  for (const one of document.querySelectorAll(asked)) {
    if (one.type === "hidden" || one.getAttribute("aria-hidden") === "true" || one.closest("[aria-hidden=true]")) continue;
    if (!nameOf(one).trim() && (visible(one) || one.matches("dialog"))) troubles.push(`no name: ${spelled(one)}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) troubles.push(`two elements are called ${id}`);
  if (document.querySelectorAll("main#page").length !== 1) troubles.push("not one main part");
  if (document.querySelectorAll("h1").length !== 1) troubles.push("not one h1");

  // WCAG 2.2, 1.4.3: relative luminance, and 4.5 to 1 for text, 3 to 1 for large text.
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, ground) => [0, 1, 2].map((at) => top[at] * top[3] + ground[at] * (1 - top[3])).concat(1);
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) layers.unshift(rgba(getComputedStyle(at).backgroundColor));
    return layers.reduce((ground, layer) => over(layer, ground), [255, 255, 255, 1]);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const one = node.parentElement;
    if (!node.textContent.trim() || !visible(one) || one.closest("script, style, [aria-hidden=true]:not(kbd)")) continue;
    const style = getComputedStyle(one), ground = groundOf(one);
    let opacity = 1;
    for (let at = one; at; at = at.parentElement) opacity *= parseFloat(getComputedStyle(at).opacity);
    const ink = rgba(style.color);
    ink[3] *= opacity;
    const [bright, dark] = [light(over(ink, ground)), light(ground)].sort((a, b) => b - a);
    const ratio = (bright + 0.05) / (dark + 0.05), size = parseFloat(style.fontSize);
    const enough = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < enough) troubles.push(`contrast ${ratio.toFixed(2)}: ${spelled(one)}`);
  }
  return troubles;
}
