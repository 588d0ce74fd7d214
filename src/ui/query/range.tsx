/** The time range of a page: `since` and `until` in the address, in the syntax of the API. */
import { useState } from "react";
import { readTime } from "../../filter/time.ts";
import { time } from "../format.ts";
import { Dropdown } from "../parts/dropdown.tsx";
import { Icon } from "../parts/icon.tsx";
import { useParam, useSetParams } from "../state/url.ts";
import "./query.css";

const ranges = [
  { since: "15m", name: "Last 15 minutes" },
  { since: "1h", name: "Last hour" },
  { since: "24h", name: "Last 24 hours" },
  { since: "7d", name: "Last 7 days" },
  { since: "30d", name: "Last 30 days" },
  { since: "", name: "All time" },
];

/** All time, for pages whose default range is shorter. */
export const allTime = "0";

export interface Range {
  /** As in the address; "" if open. */
  since: string;
  until: string;
}

/** @param initial the start if the address has none: "" for all time. */
export function useRange(initial = ""): Range {
  const [since] = useParam<string>("since", initial);
  const [until] = useParam<string>("until", "");
  return { since, until };
}

/** "in the last 24 hours", "since 24 Nov, 14:31", to append to a sentence; "" for all time. */
export function rangeWords(range: Range): string {
  const { since, until } = range;
  const known = knownRange(range);
  if (known) return known.since === "" ? "" : `in the ${known.name.toLowerCase()}`;
  return [since && `since ${endText(since)}`, until && `until ${endText(until)}`]
    .filter(Boolean)
    .join(" ");
}

function knownRange({ since, until }: Range) {
  if (until !== "") return undefined;
  return ranges.find((range) => range.since === (since === allTime ? "" : since));
}

export function RangePicker({ initial = "" }: { initial?: string }) {
  const range = useRange(initial);
  const set = useSetParams();
  const known = knownRange(range);
  const name = known
    ? known.name
    : `${range.since ? endText(range.since) : "…"} – ${range.until ? endText(range.until) : "now"}`;
  return (
    <Dropdown
      panelClassName="query-range"
      button={
        <>
          {name} <Icon name="down" size="xs" />
        </>
      }
    >
      {(close) => (
        <>
          {ranges.map(({ since, name }) => (
            <button
              key={since}
              type="button"
              className="popover-item"
              aria-pressed={known?.since === since}
              onClick={() => {
                set({ since: since === initial ? null : since || allTime, until: null });
                close();
              }}
            >
              {name}
              {known?.since === since && <Icon name="check" size="xs" />}
            </button>
          ))}
          <CustomRange
            {...range}
            onChange={(chosen) => {
              set({ ...chosen });
              close();
            }}
          />
        </>
      )}
    </Dropdown>
  );
}

function CustomRange({ since, until, onChange }: Range & { onChange: (range: Range) => void }) {
  const [from, setFrom] = useState(() => toInput(since));
  const [to, setTo] = useState(() => toInput(until));
  const isEmpty = from !== "" && to !== "" && from >= to;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isEmpty) onChange({ since: fromInput(from), until: fromInput(to) });
      }}
    >
      <label>
        From
        <input
          type="datetime-local"
          value={from}
          onChange={({ target }) => setFrom(target.value)}
        />
      </label>
      <label>
        Until
        <input type="datetime-local" value={to} onChange={({ target }) => setTo(target.value)} />
      </label>
      {isEmpty && (
        <p className="error-text" role="alert">
          The end is before the start.
        </p>
      )}
      <button type="submit" className="button">
        Apply
      </button>
    </form>
  );
}

function endText(end: string): string {
  const now = Date.now();
  const ms = readTime(end, now);
  return ms === null ? end : time(ms, now);
}

/** A datetime-local input uses the browser's time zone and has no offset. */
function toInput(end: string): string {
  const ms = end === "" ? null : readTime(end, Date.now());
  if (ms === null) return "";
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function fromInput(value: string): string {
  return value === "" ? "" : String(new Date(value).getTime());
}
