// Thumbnails of a face set, by the faces' numbers: fetched in small parts, the wanted ones first.
const PART = 48; // in one request
const AT_ONCE = 4; // requests
const KEPT = 2500; // decoded pictures; 64 KB each

export class Pictures {
  // `changed` is called when pictures came, `stale` when the set is another one by now.
  constructor(place, version, { changed, stale }) {
    Object.assign(this, { place, version, changed, stale });
    this.pictures = new Map();
    this.flying = new Set();
    this.wanted = [];
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
  want(numbers) {
    this.wanted = numbers;
    while (this.requests < AT_ONCE && this.wanted.length) {
      const part = this.wanted.splice(0, PART).filter((number) => this.lacks(number));
      if (part.length) this.fetchPart(part);
    }
  }

  async fetchPart(part) {
    part.forEach((number) => this.flying.add(number));
    this.requests += 1;
    try {
      const answer = await fetch(`${this.place}/thumbs?v=${this.version}&i=${part.join(",")}`);
      if (answer.status === 204) { if (!this.closed) this.stale(); return; }
      if (answer.ok) await this.take(part, await answer.arrayBuffer());
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
