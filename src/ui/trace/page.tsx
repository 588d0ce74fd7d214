/** One trace. */
import "./trace.css";

/** @param trace an id, or `~key`. */
export function TracePage({ trace }: { trace: string }) {
  return <h1>{trace}</h1>;
}
