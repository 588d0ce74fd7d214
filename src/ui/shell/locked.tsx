/** For whoever comes without the operator's token: how to get in. */
import { useEffect } from "react";
import { findToken } from "../data/token.ts";
import { Logo } from "../parts/icon.tsx";
import { CopyButton } from "../parts/controls.tsx";
import { useTitle } from "../state/title.ts";

export function Locked({ wasRefused }: { wasRefused: boolean }) {
  useTitle("Locked");
  useEnter();
  return (
    <main className="shell-locked" id="page">
      <Logo />
      <h1>
        {wasRefused ? "The token is not valid any more" : "This page needs the operator’s token"}
      </h1>
      <p>Traces are for you alone. To get in, run this where the server runs:</p>
      <div className="shell-locked-command">
        <code className="mono">tealight open</code>
        <CopyButton text="tealight open" label="Copy the command" />
      </div>
      <p className="dim">A tab in which Tealight is open lets this one in by itself.</p>
    </main>
  );
}

/** Goes in as soon as there is a token: in the address, or in a tab that was opened meanwhile. */
function useEnter() {
  useEffect(() => {
    const enter = async () => {
      if ((await findToken()) !== null) location.reload();
    };
    window.addEventListener("focus", enter);
    window.addEventListener("hashchange", enter);
    return () => {
      window.removeEventListener("focus", enter);
      window.removeEventListener("hashchange", enter);
    };
  }, []);
}
