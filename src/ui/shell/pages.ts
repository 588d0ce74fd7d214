/** Where one can go from everywhere, and the keys that lead there. */
export const pages = [
  { path: "/traces", name: "Traces", key: "g t" },
  { path: "/sessions", name: "Sessions", key: "g s" },
  { path: "/overview", name: "Overview", key: "g o" },
  { path: "/agents", name: "Agents & tools", key: "g a" },
  { path: "/settings", name: "Settings", key: "g ," },
] as const;
