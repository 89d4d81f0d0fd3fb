// The grid of faces: a canvas that shows the part of a long list that is looked at. Numbers of all
// faces are here, so that filters, orders and groups take no time; pictures come in small parts.
const HEAD = 30; // px, above a group
const GAP = 4; // px between faces
const PART = 48; // thumbnails in one request
const AT_ONCE = 4; // requests
const KEPT = 2500; // decoded pictures; 64 KB each

export default {
  template: `
    <div class="r-grid" ref="box" tabindex="0" role="listbox" aria-multiselectable="true"
         :aria-label="texts.grid" :aria-activedescendant="null"
         @scroll="redraw" @keydown="onKey" @focus="redraw" @blur="redraw">
      <div ref="spacer" class="r-grid-spacer"></div>
      <canvas ref="canvas" class="r-grid-canvas" @pointerdown="onDown" @pointermove="onMove"
              @pointerup="onUp" @pointercancel="onUp" @dblclick="onOpen"></canvas>
    </div>`,
  props: {
    side: String, part: String, version: String, size: Number, order: String, reverse: Boolean,
    group: Object, filters: Object, texts: Object,
  },
  watch: {
    side() { this.load(); }, part() { this.load(); },
    version(now) { if (now !== this.own.version) this.load(); },
    size() { this.layout(true); },
    order() { this.arrange(); }, reverse() { this.arrange(); },
    group: { handler() { this.arrange(); }, deep: true },
    filters: { handler() { this.arrange(); }, deep: true },
  },
  created() {
    // Not reactive: Vue would look at a hundred thousand numbers.
    this.own = {
      version: "", names: [], columns: {}, view: [], groups: [], place: new Map(), chosen: new Set(),
      cursor: 0, anchor: 0, pictures: new Map(), flying: new Set(), requests: 0, wanted: [],
      band: null, moved: [], cell: 100, across: 1, width: 0, height: 0, generation: 0, asked: 0,
    };
  },
  mounted() {
    this.watcher = new ResizeObserver(() => this.layout(true));
    this.watcher.observe(this.$refs.box);
    this.load();
  },
  beforeUnmount() {
    this.watcher.disconnect();
    this.own.generation += 1;
    for (const one of this.own.pictures.values()) one.close();
  },
  methods: {
    async load() {
      const own = this.own, generation = ++own.generation;
      const answer = await fetch(`/faceset/${this.side}/${this.part}/columns`);
      if (!answer.ok || generation !== own.generation) return;
      const data = await answer.arrayBuffer();
      if (generation !== own.generation) return;
      const length = new DataView(data).getUint32(0, true);
      const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
      const chosen = new Set([...own.chosen].map((at) => own.names[at]));
      const count = head.names.length;
      own.names = head.names;
      own.takes = head.takes;
      own.take = head.take;
      own.columns = Object.fromEntries(head.columns.map((name, at) =>
        [name, new Float32Array(data, 4 + length + at * 4 * count, count)]));
      own.version = answer.headers.get("x-version");
      own.chosen = new Set();
      own.names.forEach((name, at) => { if (chosen.has(name)) own.chosen.add(at); });
      for (const one of own.pictures.values()) one.close();
      own.pictures.clear();
      own.flying.clear();
      this.arrange();
    },

    passes(at) {
      for (const [name, range] of Object.entries(this.filters ?? {})) {
        const column = this.own.columns[name];
        if (!range || !column) continue;
        const value = column[at];
        if (!(value >= range[0] && value <= range[1])) return false;
      }
      return true;
    },

    // What is shown, in its order and groups.
    arrange() {
      const own = this.own, view = [];
      for (let at = 0; at < own.names.length; at++) if (this.passes(at)) view.push(at);
      const column = own.columns[this.order];
      if (column) {
        const last = this.reverse ? -Infinity : Infinity;
        const value = (at) => (Number.isNaN(column[at]) ? last : column[at]);
        view.sort((a, b) => value(a) - value(b) || a - b);
      }
      if (this.reverse) view.reverse();
      own.groups = this.grouped(view);
      own.view = own.groups.flatMap((group) => group.faces);
      own.place = new Map(own.view.map((at, place) => [at, place]));
      own.chosen = new Set([...own.chosen].filter((at) => own.place.has(at)));
      own.cursor = Math.min(own.cursor, Math.max(own.view.length - 1, 0));
      this.layout(false);
      this.tell();
    },

    grouped(view) {
      const column = this.own.columns[this.group?.column];
      if (!column) return [{ name: "", faces: view }];
      const by = new Map();
      let number = (at) => Math.floor(column[at] / this.group.step);
      if (this.group.parts) {
        const sorted = Float32Array.from(view, (at) => column[at]).filter((v) => !Number.isNaN(v)).sort();
        const bounds = Array.from({ length: this.group.parts - 1 }, (_, n) =>
          sorted[Math.floor(((n + 1) * sorted.length) / this.group.parts)]);
        number = (at) => Number.isNaN(column[at]) ? NaN : bounds.filter((bound) => column[at] >= bound).length;
      }
      for (const at of view) {
        const key = number(at);
        if (!by.has(key)) by.set(key, []);
        by.get(key).push(at);
      }
      const keys = [...by.keys()].sort((a, b) => (Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b));
      return keys.map((key) => ({ name: this.nameOf(key, column, by.get(key)), faces: by.get(key) }));
    },

    nameOf(key, column, faces) {
      if (Number.isNaN(key)) return this.texts.unknown;
      if (this.group.column === "person") return this.texts.person.replace("{n}", key + 1);
      const step = this.group.step;
      if (step) return `${+(key * step).toPrecision(6)} … ${+((key + 1) * step).toPrecision(6)}`;
      let low = Infinity, high = -Infinity;
      for (const at of faces) { low = Math.min(low, column[at]); high = Math.max(high, column[at]); }
      return `${low.toPrecision(3)} … ${high.toPrecision(3)}`;
    },

    // Where each group begins; with `keep` the face at the top stays there.
    layout(keep) {
      const own = this.own, box = this.$refs.box;
      if (!box) return;
      const top = keep ? this.faceAt(0, 0, true) : null;
      own.width = box.clientWidth;
      own.height = box.clientHeight;
      own.cell = this.size + GAP;
      own.across = Math.max(1, Math.floor(own.width / own.cell));
      let y = 0, first = 0;
      for (const group of own.groups) {
        Object.assign(group, { top: y, first });
        y += (group.name ? HEAD : 0) + Math.ceil(group.faces.length / own.across) * own.cell;
        first += group.faces.length;
      }
      this.$refs.spacer.style.height = `${y}px`;
      const canvas = this.$refs.canvas, scale = devicePixelRatio || 1;
      canvas.width = own.width * scale;
      canvas.height = own.height * scale;
      canvas.style.width = `${own.width}px`;
      canvas.style.height = `${own.height}px`;
      if (top !== null) box.scrollTop = this.where(top).y - (own.groups[0]?.name ? HEAD : 0);
      this.redraw();
    },

    groupOf(place) {
      const groups = this.own.groups;
      let low = 0, high = groups.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (groups[middle].first <= place) low = middle; else high = middle - 1;
      }
      return groups[low];
    },

    where(place) {
      const own = this.own, group = this.groupOf(place);
      if (!group) return { x: 0, y: 0 };
      const inside = place - group.first;
      return {
        x: (inside % own.across) * own.cell,
        y: group.top + (group.name ? HEAD : 0) + Math.floor(inside / own.across) * own.cell,
      };
    },

    // The place of the face under a point of the canvas; `nearest` takes the next one, too.
    faceAt(x, y, nearest = false) {
      const own = this.own, down = y + (this.$refs.box?.scrollTop ?? 0);
      let found = null;
      for (const group of own.groups) {
        if (group.top === undefined || (group.top > down && !nearest)) break;
        const start = group.top + (group.name ? HEAD : 0);
        const row = Math.floor((down - start) / own.cell), column = Math.floor(x / own.cell);
        const inside = Math.max(row, 0) * own.across + Math.min(column, own.across - 1);
        if (nearest && group.faces.length) {
          if (inside < group.faces.length) return group.first + inside;
          found = group.first + group.faces.length - 1;
        } else if (row >= 0 && column < own.across && inside < group.faces.length) found = group.first + inside;
      }
      return found;
    },

    redraw() {
      if (this.asleep) return;
      this.asleep = requestAnimationFrame(() => { this.asleep = 0; this.draw(); });
    },

    draw() {
      const own = this.own, canvas = this.$refs.canvas, box = this.$refs.box;
      if (!canvas) return;
      const pen = canvas.getContext("2d"), scale = devicePixelRatio || 1, top = box.scrollTop;
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      pen.fillStyle = "#141618";
      pen.fillRect(0, 0, own.width, own.height);
      const wanted = [], focused = document.activeElement === box;
      for (const group of own.groups) {
        const start = group.top + (group.name ? HEAD : 0);
        const rows = Math.ceil(group.faces.length / own.across);
        if (start + rows * own.cell < top - own.height || group.top > top + 2 * own.height) continue;
        if (group.name) {
          pen.fillStyle = "#e8e6e3";
          pen.font = "14px system-ui, sans-serif";
          pen.fillText(`${group.name}   ${group.faces.length}`, 2, group.top - top + 20);
        }
        const from = Math.max(0, Math.floor((top - own.height / 2 - start) / own.cell));
        const to = Math.min(rows, Math.ceil((top + 1.5 * own.height - start) / own.cell));
        for (let inside = from * own.across; inside < Math.min(to * own.across, group.faces.length); inside++) {
          const x = (inside % own.across) * own.cell, y = start + Math.floor(inside / own.across) * own.cell - top;
          this.drawFace(pen, group.faces[inside], x, y, wanted, focused && group.first + inside === own.cursor);
        }
      }
      if (own.band) this.drawBand(pen, top);
      // What is in sight first, then what is near.
      own.wanted = wanted.sort((a, b) => a[0] - b[0]).map((pair) => pair[1]);
      this.fetchSome();
    },

    drawFace(pen, at, x, y, wanted, isCursor) {
      const own = this.own, side = this.size, seen = y > -own.cell && y < own.height;
      const picture = own.pictures.get(at);
      if (picture === undefined && !own.flying.has(at)) wanted.push([seen ? 0 : 1, at]);
      if (!seen) return;
      if (picture) {
        pen.drawImage(picture, x, y, side, side);
        own.pictures.delete(at); // and again at the end: the oldest are dropped first
        own.pictures.set(at, picture);
      } else {
        pen.fillStyle = "#26292d";
        pen.fillRect(x, y, side, side);
      }
      if (own.chosen.has(at)) {
        pen.strokeStyle = "#e9b872";
        pen.lineWidth = 4;
        pen.strokeRect(x + 2, y + 2, side - 4, side - 4);
      }
      if (isCursor) {
        pen.strokeStyle = "#ffffff";
        pen.lineWidth = 2;
        pen.setLineDash([5, 4]);
        pen.strokeRect(x + 1, y + 1, side - 2, side - 2);
        pen.setLineDash([]);
      }
    },

    drawBand(pen, top) {
      const { x0, y0, x1, y1 } = this.own.band;
      pen.fillStyle = "rgb(233 184 114 / 18%)";
      pen.strokeStyle = "#e9b872";
      pen.lineWidth = 1;
      const box = [Math.min(x0, x1), Math.min(y0, y1) - top, Math.abs(x1 - x0), Math.abs(y1 - y0)];
      pen.fillRect(...box);
      pen.strokeRect(...box);
    },

    fetchSome() {
      const own = this.own;
      while (own.requests < AT_ONCE && own.wanted.length) {
        const part = own.wanted.splice(0, PART).filter((at) => !own.flying.has(at) && !own.pictures.has(at));
        if (part.length) this.fetchPart(part);
      }
    },

    async fetchPart(part) {
      const own = this.own, generation = own.generation;
      part.forEach((at) => own.flying.add(at));
      own.requests += 1;
      try {
        const place = `/faceset/${this.side}/${this.part}/thumbs?v=${own.version}&i=${part.join(",")}`;
        const answer = await fetch(place);
        if (answer.status === 409 && generation === own.generation) { this.load(); return; }
        if (!answer.ok) return;
        const data = await answer.arrayBuffer(), numbers = new DataView(data);
        let offset = 0;
        for (const at of part) {
          const length = numbers.getUint32(offset, true);
          const bytes = new Uint8Array(data, offset + 4, length);
          offset += 4 + length;
          const picture = length ? await createImageBitmap(new Blob([bytes], { type: "image/jpeg" })) : null;
          if (generation !== own.generation) { picture?.close(); continue; }
          own.pictures.set(at, picture);
        }
        for (const [at, picture] of own.pictures) {
          if (own.pictures.size <= KEPT) break;
          picture?.close();
          own.pictures.delete(at);
        }
      } catch { /* the server is away: it is asked again when something is drawn */ } finally {
        own.requests -= 1;
        if (generation === own.generation) part.forEach((at) => own.flying.delete(at));
        this.redraw();
      }
    },

    // Choosing: click, Ctrl-click, Shift-click, a band, and all of it by keys.
    choose(place, event) {
      const own = this.own, at = own.view[place];
      if (at === undefined) return;
      if (event.shiftKey) {
        if (!event.ctrlKey && !event.metaKey) own.chosen.clear();
        const [low, high] = [Math.min(own.anchor, place), Math.max(own.anchor, place)];
        for (let one = low; one <= high; one++) own.chosen.add(own.view[one]);
      } else if (event.ctrlKey || event.metaKey) {
        if (!own.chosen.delete(at)) own.chosen.add(at);
        own.anchor = place;
      } else {
        own.chosen = new Set([at]);
        own.anchor = place;
      }
      own.cursor = place;
      this.tell();
    },

    point(event) {
      const box = this.$refs.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    },

    onDown(event) {
      if (event.button !== 0) return;
      this.$refs.box.focus({ preventScroll: true });
      const [x, y] = this.point(event), top = this.$refs.box.scrollTop;
      this.$refs.canvas.setPointerCapture(event.pointerId);
      this.press = { x, y: y + top, before: event.ctrlKey || event.metaKey || event.shiftKey ? new Set(this.own.chosen) : new Set() };
      event.preventDefault();
    },

    onMove(event) {
      if (!this.press) return;
      const own = this.own, box = this.$refs.box;
      const [x, y] = this.point(event);
      if (!own.band && Math.hypot(x - this.press.x, y + box.scrollTop - this.press.y) < 6) return;
      if (y < 20) box.scrollTop -= 24;
      if (y > own.height - 20) box.scrollTop += 24;
      own.band = { x0: this.press.x, y0: this.press.y, x1: x, y1: y + box.scrollTop };
      own.chosen = new Set(this.press.before);
      for (const place of this.inBand(own.band)) own.chosen.add(own.view[place]);
      this.tell();
    },

    inBand(band) {
      const own = this.own, found = [];
      const left = Math.min(band.x0, band.x1), right = Math.max(band.x0, band.x1);
      const upper = Math.min(band.y0, band.y1), lower = Math.max(band.y0, band.y1);
      for (const group of own.groups) {
        const start = group.top + (group.name ? HEAD : 0);
        const rows = Math.ceil(group.faces.length / own.across);
        const from = Math.max(0, Math.floor((upper - start) / own.cell));
        const to = Math.min(rows - 1, Math.floor((lower - start) / own.cell));
        for (let row = from; row <= to; row++)
          for (let column = Math.max(0, Math.floor(left / own.cell)); column <= Math.min(own.across - 1, Math.floor(right / own.cell)); column++) {
            const inside = row * own.across + column;
            if (inside < group.faces.length) found.push(group.first + inside);
          }
      }
      return found;
    },

    onUp(event) {
      const own = this.own;
      if (this.press && !own.band && event.type === "pointerup") {
        const place = this.faceAt(...this.point(event));
        if (place !== null) this.choose(place, event);
        else if (!event.ctrlKey && !event.shiftKey) { own.chosen.clear(); this.tell(); }
      }
      this.press = null;
      own.band = null;
      this.redraw();
    },

    onOpen(event) {
      const place = this.faceAt(...this.point(event));
      if (place !== null) this.open(place);
    },

    open(place) {
      const at = this.own.view[place];
      if (at !== undefined) this.$emit("opened", this.about(at));
    },

    about(at) {
      const own = this.own, value = (name) => (Number.isNaN(own.columns[name][at]) ? null : own.columns[name][at]);
      return {
        name: own.names[at], take: own.takes[own.take.length ? own.take[at] : 0],
        ...Object.fromEntries(Object.keys(own.columns).map((name) => [name, value(name)])),
      };
    },

    onKey(event) {
      const own = this.own, rows = Math.max(1, Math.floor(own.height / own.cell));
      const steps = {
        ArrowLeft: -1, ArrowRight: 1, ArrowUp: -own.across, ArrowDown: own.across,
        PageUp: -rows * own.across, PageDown: rows * own.across, Home: -own.view.length, End: own.view.length,
      };
      const done = () => { event.preventDefault(); event.stopPropagation(); };
      if (event.key in steps && !event.altKey) {
        const place = Math.min(Math.max(own.cursor + steps[event.key], 0), own.view.length - 1);
        if (event.ctrlKey || event.metaKey) { own.cursor = place; this.tell(); } else this.choose(place, event);
        this.reveal(place);
        done();
      } else if (event.key === " ") {
        this.choose(own.cursor, { ctrlKey: true });
        done();
      } else if (event.key === "Enter") {
        this.open(own.cursor);
        done();
      } else if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
        this.chooseAll();
        done();
      } else if (event.key === "Escape") {
        own.chosen.clear();
        this.tell();
      }
    },

    reveal(place) {
      const box = this.$refs.box, { y } = this.where(place);
      if (y < box.scrollTop) box.scrollTop = y;
      if (y + this.own.cell > box.scrollTop + this.own.height) box.scrollTop = y + this.own.cell - this.own.height;
    },

    chooseAll() {
      this.own.chosen = new Set(this.own.view);
      this.tell();
    },

    invert() {
      this.own.chosen = new Set(this.own.view.filter((at) => !this.own.chosen.has(at)));
      this.tell();
    },

    // To the trash, or out of it when that is what is shown.
    async move() {
      const own = this.own, names = [...own.chosen].map((at) => own.names[at]);
      if (names.length) await this.send(names, this.part === "trash");
    },

    async undo() {
      const last = this.own.moved.pop();
      if (last) await this.send(last.names, !last.restore, true);
    },

    async send(names, restore, isUndo = false) {
      const own = this.own;
      const answer = await fetch(`/faceset/${this.side}/trash`, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ names, restore }),
      });
      const told = await answer.json();
      if (answer.ok && !isUndo) own.moved.push({ names, restore });
      own.chosen.clear();
      await this.load();
      this.$emit("moved", { restore, moved: told.moved ?? 0, trouble: answer.ok ? "" : told.detail });
    },

    tell() {
      const own = this.own, at = own.view[own.cursor];
      this.redraw();
      clearTimeout(this.telling);
      this.telling = setTimeout(() => this.$emit("told", {
        total: own.names.length, shown: own.view.length, chosen: own.chosen.size,
        names: [...own.chosen].slice(0, 3).map((one) => own.names[one]),
        cursor: at === undefined ? null : this.about(at),
        measured: own.columns.sharpness ? !own.columns.sharpness.every(Number.isNaN) : false,
        persons: own.columns.person ? own.columns.person.reduce((a, b) => (b > a ? b : a), -1) + 1 : 0,
      }), 60);
    },
  },
};
