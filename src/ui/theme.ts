// Runs before the first paint, so that no page flashes in the other theme.
let chosen: string | null = null;
try {
  chosen = localStorage.getItem("tealight.theme");
} catch {
  // Without storage the system's theme holds.
}
const isLight = matchMedia("(prefers-color-scheme: light)").matches;
document.documentElement.dataset.theme =
  chosen === "light" || chosen === "dark" ? chosen : isLight ? "light" : "dark";
try {
  const density = localStorage.getItem("tealight.density");
  if (density === "compact") document.documentElement.dataset.density = density;
} catch {
  // Likewise.
}

export {};
