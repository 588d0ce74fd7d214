/** The menu in a trace's header that offers traces to compare with. */
import { useLocation } from "wouter";
import { byKey } from "../../api.ts";
import type { Summary } from "../../backend/views.ts";
import { duration, textOf, time } from "../format.ts";
import { hrefOf } from "../pages.ts";
import { LoadError } from "../parts/controls.tsx";
import { Dropdown } from "../parts/dropdown.tsx";
import { Icon } from "../parts/icon.tsx";
import { StatusMark, displayStatusOf } from "../parts/status-mark.tsx";
import { useComparable } from "./data.ts";
import "./compare.css";
import "./compare.phone.css";

export function CompareMenu({ trace, project }: { trace: Summary; project: string }) {
  return (
    <Dropdown
      className="button compare-open"
      panelClassName="compare-menu"
      label="Compare with another trace"
      button={
        <>
          <Icon name="compare" size="s" />
          <span className="wide-only">Compare</span>
        </>
      }
    >
      {() => <Offers trace={trace} project={project} />}
    </Dropdown>
  );
}

function Offers({ trace, project }: { trace: Summary; project: string }) {
  const [, navigate] = useLocation();
  const { data, error } = useComparable(trace.key);
  // The earlier trace becomes A, so that B shows what changed since.
  const open = (a: string) =>
    navigate(hrefOf("compare", { query: { a, b: byKey(trace.key), project } }));
  const offer = (name: string, other: Summary | null | undefined) => (
    <button
      type="button"
      className="popover-item"
      disabled={!other}
      onClick={() => other && open(byKey(other.key))}
    >
      <span className="grow compare-offer">{name}</span>
      {other ? (
        <>
          <StatusMark displayStatus={displayStatusOf(other)} errorCount={other.errorCount} />
          <span className="dim">{time(other.startTime, Date.now())}</span>
          <span className="dim number compare-took">{textOf(duration(other.durationMs))}</span>
        </>
      ) : (
        <span className="dim">{data ? "none" : "…"}</span>
      )}
    </button>
  );
  return (
    <>
      {error && <LoadError error={error} />}
      {offer(data?.by ? `Previous run of this ${data.by}` : "Previous run", data?.previous)}
      {offer("Last good run", data?.lastOk)}
      <button type="button" className="popover-item" onClick={() => open("")}>
        Another trace …
      </button>
    </>
  );
}
