/** The page shown without the operator's token: how to get access. */
import { useEffect, useState, type FormEvent } from "react";
import { findToken, isTokenValid, keepToken } from "../data/token.ts";
import { hrefOf } from "../pages.ts";
import { CopyButton } from "../parts/controls.tsx";
import { Logo } from "../parts/icon.tsx";
import { useTitle } from "../state/title.ts";

export function Locked({ wasRefused }: { wasRefused: string | null }) {
  useTitle("Locked");
  useEnter();
  return (
    <main className="shell-locked" id="page">
      <Logo />
      <h1>
        {wasRefused === null
          ? "This page needs the operator’s token"
          : isIngestKey(wasRefused)
            ? "That is an ingest key, not the operator’s token"
            : "The token is no longer valid"}
      </h1>
      <p>Traces are visible only to you. To sign in, run this on the machine of the server:</p>
      <div className="shell-locked-command">
        <code className="mono">tealight open</code>
        <CopyButton text="tealight open" label="Copy the command" />
      </div>
      <p className="dim">
        With a custom data directory: <code>tealight open --data-dir DIR</code>
      </p>
      <TokenForm />
      <p className="dim">
        A tab in which Tealight is open lets this one in by itself. The{" "}
        <a className="link" href={hrefOf("doc", { at: { topic: "security" } })}>
          manual
        </a>{" "}
        says more.
      </p>
    </main>
  );
}

/** Keys made by Tealight: `fl_` for ingest, `tl_` for reading. */
function isIngestKey(text: string): boolean {
  return text.startsWith("fl_");
}

function TokenForm() {
  const [token, setToken] = useState("");
  const [refusal, setRefusal] = useState<string | null>(null);
  const [isTried, setTried] = useState(false);
  async function unlock(event: FormEvent) {
    event.preventDefault();
    // A token copied from a terminal can include a line break or its name.
    const given = token.trim().replace(/^.*token=/, "");
    if (given === "") return setRefusal("Paste the token first.");
    if (isIngestKey(given)) {
      return setRefusal("That is an ingest key: it can send traces, but not read them.");
    }
    setTried(true);
    const answer = await isTokenValid(given);
    setTried(false);
    if (answer === null) return setRefusal("The server does not answer. Is it running?");
    if (!answer) return setRefusal("The server does not know this token.");
    keepToken(given);
    location.reload();
  }
  return (
    <form className="shell-locked-form" onSubmit={(event) => void unlock(event)}>
      <label htmlFor="token">or paste the token, which the server prints as it starts:</label>
      <div>
        <input
          id="token"
          className="mono"
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={token}
          aria-invalid={refusal !== null}
          aria-describedby="token-refusal"
          onChange={({ target }) => {
            setToken(target.value);
            setRefusal(null);
          }}
        />
        <button type="submit" className="button is-primary" disabled={isTried}>
          Unlock
        </button>
      </div>
      <p id="token-refusal" role="status" className={refusal === null ? "dim" : "error-text"}>
        {refusal ?? "It stays in this tab and is not put in the address."}
      </p>
    </form>
  );
}

/** Continues as soon as there is a token: in the address, or from another tab. */
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
