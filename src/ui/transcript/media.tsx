/** What is attached in a transcript, and by which span it was sent. */
import { useMemo, type ReactNode } from "react";
import { MediaPlace, MediaView } from "../text/media.tsx";
import type { Attached } from "./items.ts";
import { useScene } from "./scene.ts";

/** What is attached below was sent or answered by this span. */
export function SpanMedia({ spanKey, children }: { spanKey: number; children: ReactNode }) {
  const { traceKey } = useScene();
  const place = useMemo(
    () => (traceKey === null ? null : { trace: traceKey, span: spanKey }),
    [traceKey, spanKey],
  );
  return <MediaPlace value={place}>{children}</MediaPlace>;
}

/** What a call got back beside its text. */
export function AttachedMedia({ attached: { spanKey, media } }: { attached: Attached }) {
  return (
    <SpanMedia spanKey={spanKey}>
      {media.map((each, i) => (
        <MediaView key={i} media={each} />
      ))}
    </SpanMedia>
  );
}
