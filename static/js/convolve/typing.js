/* Typing into a grid: keys that move between its cells, and many numbers pasted at once. */

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], Enter: [1, 0] };

/** Up, down and Enter move to the cell above or below; left and right stay with the text. */
export function keys(event) {
  const by = MOVES[event.key];
  if (!by || !event.target.matches("input")) return;
  event.preventDefault();
  const next = neighbour(event.target, ...by);
  next?.focus();
  next?.select();
}

/** Rows of numbers, as spreadsheets and print() write them, go into the cells from here on; false for a single number. */
export function spread(event, grid) {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  const rows = text.trim().split(/[\r\n;]+/).map((row) => row.replace(/[[\]()]/g, " ").trim().split(/[\s,]+/).filter(Boolean));
  const cells = rows.filter((row) => row.length > 0);
  if (!event.target.matches("input") || cells.flat().length < 2) return false;
  event.preventDefault();
  for (const [y, row] of cells.entries()) {
    for (const [x, value] of row.entries()) {
      const cell = neighbour(event.target, y, x, grid);
      if (cell) cell.value = value;
    }
  }
  return true;
}

function neighbour(input, down, right) {
  const [prefix, row, column] = input.name.split(".");
  return document.getElementById(`${prefix}.${Number(row) + down}.${Number(column) + right}`);
}
