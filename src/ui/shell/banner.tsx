/**
 * A line below the top bar: the server cannot be reached, cannot store data, or has another version than
 * the page.
 */
import { useLiveStatus } from "../data/live-context.tsx";
import { useNow } from "../data/queries.ts";
import { timeOfDay } from "../format.ts";
import { Icon } from "../parts/icon.tsx";
import { useOtherVersion } from "./version.ts";

export function Banner() {
  const { state, storage } = useLiveStatus();
  const other = useOtherVersion();
  if (state === "lost") return <Lost />;
  if (storage !== "ok") return <CannotStore storage={storage} />;
  if (other === null) return null;
  return (
    <div className="shell-banner">
      <Icon name="warn" size="s" />
      <span className="truncated">
        The server now has version {other}. <span className="wide-only">This page is older.</span>
      </span>
      <button type="button" className="button is-small" onClick={() => location.reload()}>
        Reload
      </button>
    </div>
  );
}

function CannotStore({ storage }: { storage: "full" | "gone" }) {
  return (
    <div className="shell-banner" role="status">
      <Icon name="warn" size="s" />
      <span className="truncated">
        {storage === "full"
          ? "The disk is full: new spans are refused."
          : "The data directory was removed or replaced: nothing is stored."}{" "}
        <span className="wide-only">
          {storage === "full"
            ? "Reading and deleting still work."
            : "Restore it, or restart the server."}
        </span>
      </span>
    </div>
  );
}

function Lost() {
  const { lostAt, retryAt, refusal, retryNow } = useLiveStatus();
  const now = useNow(1_000);
  const inSeconds = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - now) / 1_000));
  const since = lostAt === null ? "" : ` since ${timeOfDay(lostAt)}`;
  return (
    <div className="shell-banner">
      <Icon name="warn" size="s" />
      <span className="truncated" title={refusal ?? undefined}>
        {refusal ? `Updates are not shown: ${refusal}` : "The server has not answered"}
        <span className="wide-only">{since}. Shown is what was loaded.</span>
      </span>
      <button type="button" className="button is-small" onClick={retryNow}>
        Try now
        {inSeconds > 0 && <span className="dim shell-banner-wait">in {inSeconds} s</span>}
      </button>
    </div>
  );
}
