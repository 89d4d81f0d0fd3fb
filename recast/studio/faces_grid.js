// The grid of faces: a canvas that shows the part of a long list that is looked at. Numbers of all
// faces are here, so that filters, orders and groups take no time; pictures come in small parts.
import { Layout, grouped } from "/static/faces_layout.mjs";
import { Moves } from "/static/faces_moves.mjs";
import { Pictures } from "/static/faces_pictures.mjs";

const GAP = 4; // px between faces

export default {
  template: `
    <div class="r-grid" ref="box" tabindex="0" role="listbox" aria-multiselectable="true"
         :aria-label="texts.grid" @scroll="redraw" @keydown="onKey" @focus="redraw" @blur="redraw">
      <div ref="spacer" class="r-grid-spacer"></div>
      <canvas ref="canvas" class="r-grid-canvas" @pointerdown="onDown" @pointermove="onMove"
              @pointerup="onUp" @pointercancel="onUp" @dblclick="onOpen"></canvas>
    </div>`,
  props: {
    side: String, part: String, version: String, size: Number, order: String, reverse: Boolean,
    group: String, parts: Number, filters: Object, texts: Object,
  },
  watch: {
    version(now) { if (now !== this.own.version) this.load(); },
    size() { this.layout(true); },
    order() { this.arrange(); },
    reverse() { this.arrange(); },
    group() { this.regroup(); },
    parts() { this.regroup(); },
    filters: { handler() { this.arrange(); }, deep: true },
  },
  created() {
    // Not reactive: Vue would look at a hundred thousand numbers.
    this.own = {
      version: "", names: [], takes: [], take: [], columns: {}, groups: [], view: [], grouping: null,
      places: new Layout([], 1, 100), pictures: null, chosen: new Set(), cursor: 0, anchor: 0,
      band: null, width: 0, height: 0, loads: 0,
    };
    this.moves = new Moves(this.side, this.texts.away, {
      told: (told) => this.$emit("moved", told),
      settled: () => this.settled(),
    });
  },
  mounted() {
    this.watcher = new ResizeObserver(() => this.layout(true));
    this.watcher.observe(this.$refs.box);
    document.addEventListener("click", this.onButton);
    this.load();
  },
  beforeUnmount() {
    this.watcher.disconnect();
    document.removeEventListener("click", this.onButton);
    this.own.loads += 1;
    this.own.pictures?.close();
  },
  methods: {
    // All names and numbers; what was chosen stays chosen, by name.
    async load() {
      const own = this.own, load = ++own.loads, place = `/faceset/${this.side}/${this.part}`;
      const answer = await fetch(`${place}/columns`).catch(() => null); // null: the server is away
      if (!answer?.ok || load !== own.loads) return;
      const data = await answer.arrayBuffer(), version = answer.headers.get("x-version");
      const grouping = await this.fetchGroups(version);
      if (load !== own.loads) return;
      // From here on at once: keys that come in between must find one set, the old or the new one.
      const length = new DataView(data).getUint32(0, true);
      const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
      const chosen = new Set([...own.chosen].map((at) => own.names[at])), count = head.names.length;
      const ahead = own.view.slice(own.cursor).map((at) => own.names[at]);
      const from = own.view.length ? own.names[own.view[own.anchor]] : "";
      Object.assign(own, { names: head.names, takes: head.takes, take: head.take, chosen: new Set() });
      own.columns = Object.fromEntries(head.columns.map((name, at) =>
        [name, new Float32Array(data, 4 + length + at * 4 * count, count)]));
      Object.assign(own, { version, grouping });
      own.names.forEach((name, at) => { if (chosen.has(name)) own.chosen.add(at); });
      const number = new Map(own.names.map((name, at) => [name, at]));
      const numbers = (names) => names.map((name) => number.get(name)).filter((at) => at !== undefined);
      own.pictures?.close();
      own.pictures = new Pictures(place, own.version, { changed: () => this.redraw(), stale: () => this.load() });
      this.arrange(numbers(ahead), numbers([from]));
      if (grouping?.asked !== this.asked()) this.regroup(); // chosen while this was loaded
    },

    // The group of each face, and what groups are called; null where there are none.
    async fetchGroups(version) {
      const asked = this.asked(), by = this.group;
      if (!asked || !version) return null;
      const query = new URLSearchParams({ v: version, by, parts: this.parts });
      const answer = await fetch(`/faceset/${this.side}/${this.part}/groups?${query}`).catch(() => null);
      if (answer?.status !== 200) return null; // the set is another one by now, and loaded soon
      const data = await answer.arrayBuffer(), length = new DataView(data).getUint32(0, true);
      const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
      return { asked, by, names: head.names, numbers: new Int32Array(data, 4 + length) };
    },

    asked() { return this.group ? `${this.group} ${this.parts}` : undefined; },

    async regroup() {
      const own = this.own, version = own.version, asked = this.asked();
      const grouping = await this.fetchGroups(version);
      if (version !== own.version || asked !== this.asked()) return;
      own.grouping = grouping;
      this.arrange();
    },

    passes(at) {
      if (this.moves.gone.has(this.own.names[at])) return false;
      for (const [name, range] of Object.entries(this.filters ?? {})) {
        const value = this.own.columns[name]?.[at];
        if (!(value >= range[0] && value <= range[1])) return false;
      }
      return true;
    },

    // What is shown, in its order and groups. The cursor stays on its face or, if that is not shown
    // any more, goes to the next of those `ahead` of it; likewise where a range was begun.
    arrange(ahead = this.own.view.slice(this.own.cursor), from = this.own.view.slice(this.own.anchor, this.own.anchor + 1)) {
      const own = this.own, view = [], column = own.columns[this.order];
      for (let at = 0; at < own.names.length; at++) if (this.passes(at)) view.push(at);
      if (column) {
        const value = (at) => (Number.isNaN(column[at]) ? (this.reverse ? -Infinity : Infinity) : column[at]);
        view.sort((a, b) => value(a) - value(b) || a - b);
      }
      if (this.reverse) view.reverse();
      own.groups = grouped(view, own.grouping, this.texts);
      own.view = own.groups.flatMap((group) => group.faces);
      const shown = new Set(own.view);
      own.chosen = new Set([...own.chosen].filter((at) => shown.has(at)));
      const place = new Int32Array(own.names.length).fill(-1);
      own.view.forEach((at, where) => { place[at] = where; });
      const next = ahead.find((at) => place[at] >= 0), begun = from.find((at) => place[at] >= 0);
      own.cursor = place[next] ?? Math.min(own.cursor, Math.max(own.view.length - 1, 0));
      own.anchor = place[begun] ?? own.cursor;
      this.layout(false);
      this.tell();
    },

    // With `keep` the face at the top stays there.
    layout(keep) {
      const own = this.own, { box, canvas, spacer } = this.$refs, scale = devicePixelRatio || 1;
      if (!box) return;
      const top = keep ? own.places.below(box.scrollTop) : null;
      own.width = box.clientWidth;
      own.height = box.clientHeight;
      const cell = this.size + GAP;
      own.places = new Layout(own.groups, Math.max(1, Math.floor(own.width / cell)), cell);
      spacer.style.height = `${own.places.height}px`;
      canvas.width = own.width * scale;
      canvas.height = own.height * scale;
      canvas.style.width = `${own.width}px`;
      canvas.style.height = `${own.height}px`;
      if (top) box.scrollTop = own.places.where(top).y;
      this.redraw();
    },

    redraw() {
      this.asleep ||= requestAnimationFrame(() => { this.asleep = 0; this.draw(); });
    },

    draw() {
      const own = this.own, { box, canvas } = this.$refs;
      if (!canvas) return;
      const pen = canvas.getContext("2d"), scale = devicePixelRatio || 1, top = box.scrollTop;
      const { across, cell } = own.places, near = [], wanted = [];
      const focused = document.activeElement === box;
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      pen.fillStyle = "#141618";
      pen.fillRect(0, 0, own.width, own.height);
      for (const group of own.groups) {
        if (group.start + group.rows * cell < top - own.height || group.top > top + 2 * own.height) continue;
        if (group.name) this.drawName(pen, group, group.top - top);
        const from = Math.max(0, Math.floor((top - own.height / 2 - group.start) / cell)) * across;
        const to = Math.min(group.faces.length, Math.ceil((top + 1.5 * own.height - group.start) / cell) * across);
        for (let inside = from; inside < to; inside++) {
          const at = group.faces[inside], x = (inside % across) * cell;
          const y = group.start + Math.floor(inside / across) * cell - top;
          const seen = y > -cell && y < own.height;
          if (own.pictures?.lacks(at)) (seen ? wanted : near).push(at);
          if (seen) this.drawFace(pen, at, x, y, focused && group.first + inside === own.cursor);
        }
      }
      if (own.band) this.drawBand(pen, own.band, top);
      if (!this.moves.waiting) own.pictures?.want(wanted, near); // else the set is another one soon
    },

    drawName(pen, group, y) {
      pen.fillStyle = "#e8e6e3";
      pen.font = "14px system-ui, sans-serif";
      pen.fillText(`${group.name}   ${group.faces.length}`, 2, y + 20);
    },

    drawFace(pen, at, x, y, isCursor) {
      const side = this.size, picture = this.own.pictures?.get(at);
      if (picture) pen.drawImage(picture, x, y, side, side);
      else {
        pen.fillStyle = "#26292d";
        pen.fillRect(x, y, side, side);
      }
      const outline = (colour, width, dash = []) => {
        pen.strokeStyle = colour;
        pen.lineWidth = width;
        pen.setLineDash(dash);
        pen.strokeRect(x + width / 2, y + width / 2, side - width, side - width);
      };
      if (this.own.chosen.has(at)) outline("#e9b872", 4);
      if (isCursor) outline("#ffffff", 2, [5, 4]);
      pen.setLineDash([]);
    },

    drawBand(pen, { x0, y0, x1, y1 }, top) {
      pen.fillStyle = "rgb(233 184 114 / 18%)";
      pen.fillRect(x0, y0 - top, x1 - x0, y1 - y0);
      pen.strokeStyle = "#e9b872";
      pen.lineWidth = 1;
      pen.strokeRect(x0, y0 - top, x1 - x0, y1 - y0);
    },

    // Choosing: click, Ctrl-click, Shift-click, a band, and all of it by keys.
    choose(place, { shiftKey = false, ctrlKey = false, metaKey = false }) {
      const own = this.own, at = own.view[place], adds = ctrlKey || metaKey;
      if (at === undefined) return;
      if (shiftKey) {
        if (!adds) own.chosen.clear();
        const [low, high] = [Math.min(own.anchor, place), Math.max(own.anchor, place)];
        for (let one = low; one <= high; one++) own.chosen.add(own.view[one]);
      } else {
        if (!adds) own.chosen = new Set([at]);
        else if (!own.chosen.delete(at)) own.chosen.add(at);
        own.anchor = place;
      }
      own.cursor = place;
      this.tell();
    },

    // In the whole list, whatever part of it is in sight.
    point(event) {
      const box = this.$refs.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top + this.$refs.box.scrollTop];
    },

    onDown(event) {
      if (event.button !== 0) return;
      this.$refs.box.focus({ preventScroll: true });
      this.$refs.canvas.setPointerCapture(event.pointerId);
      const [x, y] = this.point(event), adds = event.ctrlKey || event.metaKey || event.shiftKey;
      this.press = { x, y, before: adds ? [...this.own.chosen] : [] };
      event.preventDefault();
    },

    onMove(event) {
      if (!this.press) return;
      const own = this.own, box = this.$refs.box, [x, y] = this.point(event);
      if (!own.band && Math.hypot(x - this.press.x, y - this.press.y) < 6) return;
      if (y - box.scrollTop < 20) box.scrollTop -= 24;
      if (y - box.scrollTop > own.height - 20) box.scrollTop += 24;
      own.band = { x0: this.press.x, y0: this.press.y, x1: x, y1: y };
      own.chosen = new Set(this.press.before);
      for (const place of own.places.within(own.band)) own.chosen.add(own.view[place]);
      this.tell();
    },

    onUp(event) {
      const own = this.own;
      if (this.press && !own.band && event.type === "pointerup") {
        const place = own.places.at(...this.point(event));
        if (place !== null) this.choose(place, event);
        else if (!event.ctrlKey && !event.shiftKey) this.chooseNone();
      }
      this.press = own.band = null;
      this.redraw();
    },

    onOpen(event) {
      const place = this.own.places.at(...this.point(event));
      if (place !== null) this.open(place);
    },

    open(place) {
      const at = this.own.view[place];
      if (at !== undefined) this.$emit("opened", this.about(at));
    },

    about(at) {
      const own = this.own, numbers = Object.entries(own.columns).map(([name, column]) =>
        [name, Number.isNaN(column[at]) ? null : column[at]]);
      const take = own.takes[own.take.length ? own.take[at] : 0];
      return { name: own.names[at], take, ...Object.fromEntries(numbers) };
    },

    onKey(event) {
      const own = this.own, adds = event.ctrlKey || event.metaKey, { across, cell } = own.places;
      const screen = Math.max(1, Math.floor(own.height / cell)) * across, all = own.view.length;
      const steps = {
        ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across,
        PageUp: -screen, PageDown: screen, Home: -all, End: all,
      };
      if (event.altKey) return;
      if (event.key in steps) {
        const place = Math.min(Math.max(own.cursor + steps[event.key], 0), all - 1);
        if (adds) { own.cursor = place; this.tell(); } else this.choose(place, event);
        this.reveal(place);
      } else if (event.key === " ") this.choose(own.cursor, { ctrlKey: true });
      else if (event.key === "Enter") this.open(own.cursor);
      else if (event.key === "a" && adds) this.chooseAll();
      else if (event.key === "Escape") this.chooseNone();
      else return;
      event.preventDefault();
      event.stopPropagation();
    },

    reveal(place) {
      const box = this.$refs.box, { y } = this.own.places.where(place), { cell } = this.own.places;
      if (y < box.scrollTop) box.scrollTop = y;
      if (y + cell > box.scrollTop + this.own.height) box.scrollTop = y + cell - this.own.height;
    },

    chooseAll() { this.own.chosen = new Set(this.own.view); this.tell(); },
    chooseNone() { this.own.chosen = new Set(); this.tell(); },
    invert() {
      this.own.chosen = new Set(this.own.view.filter((at) => !this.own.chosen.has(at)));
      this.tell();
    },

    // To the trash, or out of it when that is what is shown.
    move() {
      const own = this.own, names = [...own.chosen].map((at) => own.names[at]);
      if (!names.length) return;
      this.moves.move(names, this.part === "trash");
      own.chosen.clear();
      this.arrange();
    },

    undo() {
      if (this.moves.undo()) this.arrange();
    },

    // All moves are done: what is shown now is what the server has.
    async settled() {
      await this.load();
      if (!this.moves.waiting) this.moves.gone.clear();
    },

    // Buttons beside the grid, and their keys: here, since the way over the server takes its time
    // while arrows go on choosing.
    onButton(event) {
      const deed = event.target.closest("[data-faces]")?.dataset.faces;
      if (!deed) return;
      this[deed]();
      this.$refs.box.focus({ preventScroll: true });
    },

    // Soon, and once for many changes.
    tell() {
      const own = this.own, at = own.view[own.cursor];
      this.redraw();
      clearTimeout(this.telling);
      this.telling = setTimeout(() => this.$emit("told", {
        total: own.names.length, shown: own.view.length, chosen: own.chosen.size,
        names: [...own.chosen].slice(0, 3).map((one) => own.names[one]),
        cursor: at === undefined ? null : this.about(at),
        groups: own.grouping ? own.groups.length : 0,
        ungrouped: own.grouping?.numbers.reduce((count, one) => count + (one < 0), 0) ?? 0,
        measured: own.columns.sharpness?.some((value) => !Number.isNaN(value)) ?? false,
        persons: own.columns.person?.reduce((most, one) => (one > most ? one : most), -1) + 1 || 0,
      }), 60);
    },
  },
};
