/** The letters A and B of a comparison: A is outlined, B is filled. */
import "./side.css";

export type SideName = "a" | "b";

export function Side({ of, isSmall = false }: { of: SideName; isSmall?: boolean }) {
  return (
    <span className={`side is-${of} ${isSmall ? "is-small" : ""}`}>{of === "a" ? "A" : "B"}</span>
  );
}
