/* The models page: charts that are drawn when they come into view, and tables that sort in place. */

import { drawWhenSeen } from "./charts.js";
import { makeSortable } from "./sortable.js";

for (const plot of document.querySelectorAll("[data-figure]")) drawWhenSeen(plot);
for (const table of document.querySelectorAll("table[data-sortable]")) makeSortable(table);
