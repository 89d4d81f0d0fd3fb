// Where each face of a long list lies: groups one below the other, faces in rows of equal squares.
export const HEAD = 30; // px, above a group that has a name

// The faces of `view` by their groups, in the groups' order; last those that are in none yet.
export function grouped(view, grouping, texts) {
  if (!grouping) return [{ name: "", faces: view }];
  const { by, names, numbers } = grouping, faces = new Map();
  for (const at of view) {
    if (!faces.has(numbers[at])) faces.set(numbers[at], []);
    faces.get(numbers[at]).push(at);
  }
  const nameOf = (number) => {
    if (number < 0) return texts.unknown;
    const text = texts[by] ?? (names[number] ? "{name}" : texts.group);
    return text.replace("{n}", number + 1).replace("{name}", names[number]);
  };
  const order = [...faces.keys()].sort((a, b) => (a < 0) - (b < 0) || a - b);
  return order.map((number) => ({ name: nameOf(number), faces: faces.get(number) }));
}

export class Layout {
  // `across` squares of `cell` px in a row; places count all faces, group after group.
  constructor(groups, across, cell) {
    Object.assign(this, { groups, across, cell });
    let y = 0, first = 0;
    for (const group of groups) {
      group.top = y;
      group.start = y + (group.name ? HEAD : 0);
      group.first = first;
      group.rows = Math.ceil(group.faces.length / across);
      y = group.start + group.rows * cell;
      first += group.faces.length;
    }
    this.height = y;
  }

  groupOf(place) {
    let low = 0, high = this.groups.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.groups[middle].first <= place) low = middle; else high = middle - 1;
    }
    return this.groups[low];
  }

  where(place) {
    const group = this.groupOf(place);
    if (!group) return { x: 0, y: 0 };
    const inside = place - group.first;
    return { x: (inside % this.across) * this.cell, y: group.start + Math.floor(inside / this.across) * this.cell };
  }

  // The place of the face at a point, or null.
  at(x, y) {
    const column = Math.floor(x / this.cell);
    if (column >= this.across) return null;
    for (const group of this.groups) {
      const row = Math.floor((y - group.start) / this.cell), inside = row * this.across + column;
      if (row >= 0 && row < group.rows && inside < group.faces.length) return group.first + inside;
    }
    return null;
  }

  // The place of the first face that lies at a height or below it, or null.
  below(y) {
    for (const group of this.groups) {
      const row = Math.max(0, Math.floor((y - group.start) / this.cell));
      if (row < group.rows) return group.first + row * this.across;
    }
    return null;
  }

  // The places of all faces that a rectangle touches.
  within({ x0, y0, x1, y1 }) {
    const [left, right, upper, lower] = [Math.min(x0, x1), Math.max(x0, x1), Math.min(y0, y1), Math.max(y0, y1)];
    const found = [];
    for (const group of this.groups) {
      const last = Math.min(group.rows - 1, Math.floor((lower - group.start) / this.cell));
      for (let row = Math.max(0, Math.floor((upper - group.start) / this.cell)); row <= last; row++) {
        const end = Math.min(this.across - 1, Math.floor(right / this.cell));
        for (let column = Math.max(0, Math.floor(left / this.cell)); column <= end; column++) {
          const inside = row * this.across + column;
          if (inside < group.faces.length) found.push(group.first + inside);
        }
      }
    }
    return found;
  }
}
