/** Says of a large trace which of its spans are shown, and reads more of them. */
import type { UseMutationResult } from "@tanstack/react-query";
import type { TraceColumns } from "../../query/columns.ts";
import { count } from "../format.ts";
import { mostSpans } from "./pages.ts";

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
      {spanCount < mostSpans ? (
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
