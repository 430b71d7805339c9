/* Sorts a table where it stands. Without this script the headings are links, and the server sorts. */

/** Let the headings of `table` sort its rows by their `data-value`. */
export function makeSortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.querySelector("a.sort").addEventListener("click", (event) => {
      event.preventDefault();
      const now = heading.getAttribute("aria-sort");
      const descending = now ? now === "ascending" : heading.dataset.better === "desc";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sortRows(table.tBodies[0], column, descending);
      const link = new URL(event.currentTarget.href);
      link.searchParams.set("order", descending ? "desc" : "asc");
      history.replaceState(null, "", link);
    });
  });
}

function sortRows(body, column, descending) {
  const value = (row) => row.cells[column].dataset.value;
  const rows = [...body.rows];
  rows.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === "" || y === "") return (x === "") - (y === ""); // what is unknown stays last
    const [m, n] = [Number(x), Number(y)];
    const order = Number.isNaN(m) || Number.isNaN(n) ? x.localeCompare(y) : m - n;
    return descending ? -order : order;
  });
  body.append(...rows);
}
