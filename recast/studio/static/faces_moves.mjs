// Faces on their way into the trash, or out of it. They leave the view at once and the server hears
// of one move after the other, so that keys that follow find what they would find in the end.
export class Moves {
  // `told` is called after each move, `settled` when none is under way any more.
  // `away` is what a person is told when the server does not answer.
  constructor(side, away, { told, settled }) {
    Object.assign(this, { side, away, told, settled });
    this.gone = new Set(); // names that the view leaves out
    this.done = []; // what can be undone, the newest last
    this.waiting = 0;
    this.last = Promise.resolve();
  }

  move(names, restore) {
    const moved = { names, restore };
    this.done.push(moved);
    for (const name of names) this.gone.add(name);
    this.send(moved, moved);
  }

  // Whether there was anything to undo.
  undo() {
    const last = this.done.pop();
    if (!last) return false;
    for (const name of last.names) this.gone.delete(name);
    this.send({ names: last.names, restore: !last.restore }, null);
    return true;
  }

  send(moved, remembered) {
    this.waiting += 1;
    this.last = this.last.then(async () => {
      const told = await this.post(moved);
      if (told.trouble) {
        this.done = this.done.filter((one) => one !== remembered);
        for (const name of moved.names) this.gone.delete(name);
      }
      this.waiting -= 1;
      if (!this.waiting) await this.settled();
      this.told({ restore: moved.restore, ...told });
    });
  }

  async post(moved) {
    try {
      const answer = await fetch(`/faceset/${this.side}/trash`, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(moved),
      });
      const told = await answer.json();
      return { moved: told.moved ?? 0, trouble: answer.ok ? "" : String(told.detail) };
    } catch { // the server is away
      return { moved: 0, trouble: this.away };
    }
  }
}
