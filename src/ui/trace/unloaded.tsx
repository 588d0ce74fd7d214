/** Says how many spans of a large trace are loaded, and loads more. */
import type { UseMutationResult } from "@tanstack/react-query";
import type { TraceColumns } from "../../query/columns.ts";
import { count } from "../format.ts";
import { maxSpans } from "./join-pages.ts";

export function Unloaded({
  data: { spanCount, trace },
  more,
}: {
  data: TraceColumns;
  more: UseMutationResult<void, Error, void>;
}) {
  return (
    <div className="flex trace-unloaded" role="status">
      <span>
        First {count(spanCount)} of {count(trace.spanCount)} spans.
        {more.isError && ` ${more.error.message}.`}
      </span>
      {spanCount < maxSpans ? (
        <button
          type="button"
          className="button is-quiet is-small"
          disabled={more.isPending}
          onClick={() => more.mutate()}
        >
          {more.isPending ? "Loading…" : "Load more"}
        </button>
      ) : (
        <span className="dim">More are not shown; the transcript, search and export have all.</span>
      )}
    </div>
  );
}
