/* Plays the sums one after the other, until the last or until it is stopped. */

const STEP_MS = 900;

/** `step()` goes one on; `more()` tells whether there is one. The button is found anew, because the page renews it. */
export class Player {
  constructor(step, more) {
    this.step = step;
    this.more = more;
    this.timer = 0;
  }

  toggle() {
    if (this.timer) this.stop();
    else if (this.more()) this.start();
  }

  start() {
    this.timer = setInterval(() => (this.more() ? this.step() : this.stop()), STEP_MS);
    this.step();
    this.show();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.show();
  }

  /** The button says what pressing it does now. */
  show() {
    const button = document.getElementById("play");
    if (!button) return;
    button.textContent = this.timer ? "Pause" : "Play";
    button.disabled = !this.timer && !this.more();
  }
}
