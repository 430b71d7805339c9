/* What was decided, step by step, so that every step can be taken back. States are never changed in place. */

const MOST = 200;

export class History {
  constructor(state) {
    this.state = state;
    this.past = [];
    this.future = [];
    this.key = null;
  }

  /** A new state; changes in a row with the same `key`, such as those of one drag, are one step. */
  change(state, key = null) {
    if (key === null || key !== this.key) this.past = [...this.past, this.state].slice(-MOST);
    this.state = state;
    this.future = [];
    this.key = key;
  }

  /** The next change is a step of its own. */
  settle() {
    this.key = null;
  }

  undo() {
    return this.step(this.past, this.future);
  }

  redo() {
    return this.step(this.future, this.past);
  }

  step(from, to) {
    if (!from.length) return false;
    to.push(this.state);
    this.state = from.pop();
    this.key = null;
    return true;
  }
}
