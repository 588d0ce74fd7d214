/** The letters of two that are compared: A is outlined, B filled. */
import "./side.css";

export type SideName = "a" | "b";

export function Side({ of, isSmall = false }: { of: SideName; isSmall?: boolean }) {
  return (
    <span className={`side is-${of} ${isSmall ? "is-small" : ""}`}>{of === "a" ? "A" : "B"}</span>
  );
}
