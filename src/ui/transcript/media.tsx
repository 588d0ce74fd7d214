/** Media in a transcript, and the span that contains them. */
import { useMemo, type ReactNode } from "react";
import { MediaPlace, MediaView } from "../text/media.tsx";
import type { Attached } from "./items.ts";
import { useTranscriptContext } from "./transcript-context.ts";

/** Names the span that contains the media below. */
export function SpanMedia({ spanKey, children }: { spanKey: number; children: ReactNode }) {
  const { traceKey } = useTranscriptContext();
  const place = useMemo(
    () => (traceKey === null ? null : { trace: traceKey, span: spanKey }),
    [traceKey, spanKey],
  );
  return <MediaPlace value={place}>{children}</MediaPlace>;
}

/** The media in a tool result. */
export function AttachedMedia({ attached: { spanKey, media } }: { attached: Attached }) {
  return (
    <SpanMedia spanKey={spanKey}>
      {media.map((each, i) => (
        <MediaView key={i} media={each} />
      ))}
    </SpanMedia>
  );
}
