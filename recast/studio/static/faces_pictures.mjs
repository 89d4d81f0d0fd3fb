// Thumbnails of a face set, by the faces' numbers: fetched in small parts, what is in sight first.
const LEAST = 6; // in one request
const MOST = 48;
const AT_ONCE = 4; // requests
const KEPT = 2500; // decoded pictures; 64 KB each

// How many to ask for next, by what so many took: what is on its way when somebody scrolls on is
// waited for in vain, so that a slow link gets small parts.
export const partAfter = (part, took) =>
  took > 1000 ? Math.max(LEAST, part >> 1) : took < 300 ? Math.min(MOST, part * 2) : part;

export class Pictures {
  // `changed` is called when pictures came, `stale` when the set is another one by now.
  constructor(place, version, { changed, stale }) {
    Object.assign(this, { place, version, changed, stale });
    this.pictures = new Map();
    this.flying = new Set();
    this.wanted = []; // in sight
    this.near = []; // and around that
    this.part = 12;
    this.requests = 0;
    this.closed = false;
  }

  // Null for a file that cannot be read, undefined while it is not here.
  get(number) {
    const found = this.pictures.get(number);
    if (found) {
      this.pictures.delete(number); // and again at the end: the oldest are dropped first
      this.pictures.set(number, found);
    }
    return found;
  }

  lacks(number) {
    return !this.pictures.has(number) && !this.flying.has(number);
  }

  // Forgets what was wanted before: nobody looks at it any more.
  want(wanted, near) {
    Object.assign(this, { wanted, near });
    // What is only near takes nothing from what is in sight.
    const next = () => (this.wanted.length ? this.wanted : this.requests ? [] : this.near);
    while (this.requests < AT_ONCE && next().length) {
      const part = next().splice(0, this.part).filter((number) => this.lacks(number));
      if (part.length) this.fetchPart(part);
    }
  }

  async fetchPart(part) {
    part.forEach((number) => this.flying.add(number));
    this.requests += 1;
    const asked = performance.now();
    try {
      const answer = await fetch(`${this.place}/thumbs?v=${this.version}&i=${part.join(",")}`);
      if (answer.status === 204) { if (!this.closed) this.stale(); return; }
      if (answer.ok) {
        const data = await answer.arrayBuffer(), took = performance.now() - asked;
        // A short part says nothing of how long a whole one would take.
        if (part.length >= this.part || took > 1000) this.part = partAfter(part.length, took);
        await this.take(part, data);
      }
    } catch { /* the server is away: it is asked again when something is drawn */ } finally {
      this.requests -= 1;
      part.forEach((number) => this.flying.delete(number));
      if (!this.closed) this.changed();
    }
  }

  // Each picture behind its length, a little-endian uint32.
  async take(part, data) {
    const numbers = new DataView(data);
    let offset = 0;
    for (const number of part) {
      const length = numbers.getUint32(offset, true);
      const bytes = new Uint8Array(data, offset + 4, length);
      offset += 4 + length;
      const picture = length ? await createImageBitmap(new Blob([bytes], { type: "image/jpeg" })) : null;
      if (this.closed) { picture?.close(); continue; }
      this.pictures.set(number, picture);
    }
    for (const [number, picture] of this.pictures) {
      if (this.pictures.size <= KEPT) break;
      picture?.close();
      this.pictures.delete(number);
    }
  }

  close() {
    this.closed = true;
    for (const one of this.pictures.values()) one?.close();
    this.pictures.clear();
  }
}
