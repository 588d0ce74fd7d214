/** For whoever comes without the operator's token: how to get in. */
import { Logo } from "../parts/icon.tsx";
import { CopyButton } from "../parts/controls.tsx";

export function Locked({ wasRefused }: { wasRefused: boolean }) {
  return (
    <main className="locked" id="page">
      <Logo />
      <h1>
        {wasRefused ? "The token is not valid any more" : "This page needs the operator’s token"}
      </h1>
      <p>
        Traces are for you alone. Run this where the server runs; it opens a page that has the
        token:
      </p>
      <p>
        <code>tealight open</code> <CopyButton text="tealight open" label="Copy the command" />
      </p>
      <p className="dim">
        A page that is open in another tab lets this one in when it is reloaded.
      </p>
    </main>
  );
}
