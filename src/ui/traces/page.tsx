/** The list of traces. */
import "./traces.css";

export function TracesPage() {
  return <h1>Traces</h1>;
}
