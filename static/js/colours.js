/* Colours in words, and how far apart two are: swatches must speak to those who cannot see them. */

const WEAKER = 8; // CIE units; less may be rounding to 8 bits in the dark
const HUES = [
  [15, "red"], [42, "orange"], [68, "yellow"], [165, "green"], [195, "teal"],
  [255, "blue"], [285, "violet"], [322, "magenta"], [345, "pink"], [361, "red"],
];

/** Red, green and blue 0..255 of `#rrggbb`. */
export function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** A plain name: "dark blue", "light gray", "brown". */
export function nameOf(hex) {
  const [red, green, blue] = channels(hex);
  const [high, low] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  const light = (high + low) / 510;
  if (light < 0.06) return "black";
  if (light > 0.96) return "white";
  if (high - low < 14) return shade(light, "gray");
  const hue = hueOf(red, green, blue, high, high - low);
  const base = HUES.find(([end]) => hue < end)[1];
  const dull = high - low < 45;
  if (base === "orange" && light < 0.5) return light < 0.25 ? "dark brown" : "brown";
  if (base === "orange" && light > 0.6 && !dull) return "peach";
  if (dull) return shade(light, `grayish ${base}`);
  return shade(light, base);
}

/** CIE a and b of a colour (D65; sRGB, IEC 61966-2-1). */
export function chroma(hex) {
  const [red, green, blue] = channels(hex).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const root = (ratio) => (ratio > 216 / 24389 ? Math.cbrt(ratio) : (24389 / 27 * ratio + 16) / 116);
  const x = root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505);
  const y = root(0.2126 * red + 0.7152 * green + 0.0722 * blue);
  const z = root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089);
  return [500 * (x - y), 200 * (y - z)];
}

/** Whether a colour had to lose strength to be shown as another. */
export function isWeakened(color, shown) {
  const [[a, b], [c, d]] = [chroma(color), chroma(shown)];
  return Math.hypot(a, b) - Math.hypot(c, d) > WEAKER;
}

/** How light a colour is, 0..1, as the eye weighs its channels. */
export function lightness(hex) {
  const [red, green, blue] = channels(hex);
  return (0.3 * red + 0.59 * green + 0.11 * blue) / 255;
}

/** Largest difference of a channel of two colours, 0..255. */
export function difference(one, other) {
  const [a, b] = [channels(one), channels(other)];
  return Math.max(...a.map((value, at) => Math.abs(value - b[at])));
}

function hueOf(red, green, blue, high, range) {
  if (high === red) return (60 * ((green - blue) / range) + 360) % 360;
  if (high === green) return 60 * ((blue - red) / range) + 120;
  return 60 * ((red - green) / range) + 240;
}

function shade(light, name) {
  if (light < 0.3) return `dark ${name}`;
  if (light > 0.72) return `light ${name}`;
  return name;
}
