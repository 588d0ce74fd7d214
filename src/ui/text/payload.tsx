/** One payload of a span, loaded piece by piece on request. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { byKey } from "../../api.ts";
import type { payloadFields } from "../../contract/fields.ts";
import { request, textFrom } from "../data/client.ts";
import { bytes, textOf } from "../format.ts";
import { CopyButton, LoadError } from "../parts/controls.tsx";
import { usePref } from "../state/prefs.ts";
import { Code } from "./code.tsx";
import { JsonTree } from "./json.tsx";
import { Prose } from "./prose.tsx";
import { saveFile } from "./save.ts";

export type PayloadField = (typeof payloadFields)[number];

const pieceLength = 64 * 1024;
/** Longer payloads cannot be loaded at once. */
const wholeLength = 16 * 1024 * 1024;

const modes = ["rendered", "json", "plain"] as const;
type Mode = (typeof modes)[number];
const modeNames: Record<Mode, string> = { rendered: "Text", json: "JSON", plain: "Plain" };

export function Payload({
  trace,
  span,
  field,
  isCut = false,
}: {
  trace: number;
  span: number;
  field: PayloadField;
  /** Whether the stored text is truncated. */
  isCut?: boolean;
}) {
  const isWhole = useRef(false);
  const readPart = (query: { from?: number; length?: number }, signal?: AbortSignal) =>
    request(
      "GET /api/traces/:trace/spans/:span/payloads/:field",
      { at: { trace: byKey(trace), span: byKey(span), field }, query },
      signal,
    );
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery(
    {
      queryKey: ["payload", trace, span, field],
      async queryFn({ pageParam: from, signal }) {
        const length = isWhole.current ? wholeLength : pieceLength;
        const response = await readPart({ from, length }, signal);
        const total = Number(response.headers.get("x-total-length"));
        return { text: await textFrom(response), total };
      },
      initialPageParam: 0,
      getNextPageParam: (last, pages) => {
        const from = pages.reduce((sum, { text }) => sum + text.length, 0);
        return from < last.total ? from : null;
      },
      staleTime: Infinity,
      structuralSharing: false,
    },
  );
  const [mode, setMode] = usePref(`payload.${field}`, "");
  const text = useMemo(() => data?.pages.map((page) => page.text).join("") ?? "", [data]);
  if (error) return <LoadError error={error} retry={() => void refetch()} />;
  if (!data) return <div className="text-payload" aria-busy="true" />;
  const total = data.pages[0]!.total;
  const shown =
    modes.find((each) => each === mode) ?? (/^\s*[{[]/.test(text) ? "json" : "rendered");
  const readAll = async () => textFrom(await readPart({}));
  return (
    <div className="text-payload">
      <div className="text-payload-head">
        <div className="segments" role="group" aria-label="Shown as">
          {modes.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === shown}
              onClick={() => setMode(each)}
            >
              {modeNames[each]}
            </button>
          ))}
        </div>
        <span className="grow" />
        <span className="label">{textOf(bytes(total))}</span>
        <CopyButton text={readAll} label={isCut ? "Copy the stored part" : "Copy the full text"} />
      </div>
      {shown === "json" ? (
        <JsonTree text={text} />
      ) : shown === "plain" ? (
        <Code text={text} />
      ) : (
        <Prose text={text} />
      )}
      {hasNextPage && (
        <p className="note">
          {textOf(bytes(text.length))} of {textOf(bytes(total))} shown.{" "}
          <button
            type="button"
            className="link"
            disabled={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            64 KB more
          </button>
          {total <= wholeLength && (
            <>
              {" · "}
              <button
                type="button"
                className="link"
                disabled={isFetchingNextPage}
                onClick={() => {
                  isWhole.current = true;
                  void fetchNextPage();
                }}
              >
                all of it
              </button>
              {" · "}
              <button
                type="button"
                className="link"
                onClick={() => void readAll().then((text) => saveFile(text, `${field}.txt`))}
              >
                download
              </button>
            </>
          )}
        </p>
      )}
    </div>
  );
}
