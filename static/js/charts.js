/* Charts: Plotly is fetched when the first one comes near the window; colours come from the page's own tokens. */

const CONFIG = { responsive: true, displayModeBar: false };

let library = null;

/** Draw the chart of a `[data-figure]` element once it is near the window. */
export function drawWhenSeen(plot) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    draw(plot).catch(() => {
      plot.textContent = "The chart could not be loaded. Its numbers are in the table below.";
    });
  }, { rootMargin: "400px" });
  observer.observe(plot);
}

async function draw(plot) {
  const Plotly = await loadPlotly(plot.dataset.plotly);
  const figure = JSON.parse(document.getElementById(plot.dataset.figure).textContent);
  const paint = () => Plotly.react(plot, dressed(figure.data), dressedLayout(figure.layout), CONFIG);
  await paint();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
}

/** Plotly itself, fetched once. */
export function loadPlotly(address) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", reject);
    document.head.append(script);
  });
  return library;
}

/** A design token of css/tokens.css, as it is now. */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function dressed(traces) {
  return traces.map((trace) => ({ ...trace, line: { ...trace.line, color: token(`series-${trace.meta.series}`) } }));
}

function dressedLayout(layout) {
  const axis = { gridcolor: token("line"), linecolor: token("line"), tickcolor: token("line") };
  return {
    ...layout,
    autosize: true,
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom", // a finger scrolls the page
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: token("font"), size: 13, color: token("quiet") },
    hoverlabel: { bgcolor: token("paper"), bordercolor: token("edge"), font: { color: token("ink") } },
    xaxis: { ...layout.xaxis, ...axis },
    yaxis: { ...layout.yaxis, ...axis },
  };
}
