/** Sessions, read as conversations. */
import "./sessions.css";

export function SessionsPage({ session }: { session: string | null }) {
  return <h1>{session}</h1>;
}
