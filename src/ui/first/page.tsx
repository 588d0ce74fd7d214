/** What stands where nothing was sent yet. */
import "./first.css";

export function FirstRun() {
  return <h1>No trace yet</h1>;
}
