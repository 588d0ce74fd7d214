// Runs before the first paint, so that the page does not flash in the wrong theme.
let chosen: string | null = null;
try {
  chosen = localStorage.getItem("tealight.theme");
} catch {
  // Without storage the system's theme is used.
}
const isLight = matchMedia("(prefers-color-scheme: light)").matches;
document.documentElement.dataset.theme =
  chosen === "light" || chosen === "dark" ? chosen : isLight ? "light" : "dark";
try {
  const density = localStorage.getItem("tealight.density");
  if (density === "compact") document.documentElement.dataset.density = density;
} catch {
  // As above: without storage the default is used.
}

export {};
