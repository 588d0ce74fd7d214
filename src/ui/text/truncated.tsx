/** The note at the end of an incomplete text: clipped here, or truncated before it was stored. */
import type { Cut } from "../../messages/model.ts";
import { bytes, count, textOf } from "../format.ts";
import { Icon } from "../parts/icon.tsx";

export interface Truncation {
  fullLength?: number | undefined;
  cut?: Cut | undefined;
}

/** @param where says where a clipped text can be read in full: "its span has". */
export function TruncationNote({
  of: { fullLength, cut },
  where,
}: {
  of: Truncation;
  where: string;
}) {
  return (
    <>
      {fullLength !== undefined && (
        <p className="note">
          The beginning of {textOf(bytes(fullLength))}: {where} {cut ? "the rest" : "all of it"}.
        </p>
      )}
      {cut && (
        <CutNote>
          {fullLength === undefined ? "Truncated here" : "The end was truncated"}{" "}
          {truncationCause(cut)}
        </CutNote>
      )}
    </>
  );
}

export function CutNote({ children }: { children: React.ReactNode }) {
  return (
    <p className="note text-cut">
      <Icon name="warn" size="xs" />
      <span>{children}</span>
    </p>
  );
}

/** Who truncated it, and the original length. */
export function truncationCause({ by, wholeLength }: Cut): string {
  const whole =
    wholeLength === null
      ? "its full length is unknown"
      : `its full length was ${count(wholeLength)} characters`;
  return by === "server"
    ? `by this server, which keeps the first million characters: ${whole}. The attributes or events have it.`
    : `before it was sent: ${whole}.`;
}
