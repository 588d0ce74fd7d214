/** A base64 value within JSON: its declared type, and its content when opened. */
import { useState } from "react";
import type { Media } from "../../messages/model.ts";
import { bytes, textOf } from "../format.ts";
import { Dialog } from "../parts/controls.tsx";
import { MediaDialog, MediaContent } from "./media.tsx";
import { bytesOfText, sniff } from "./sniff.ts";

export function DataBadge({
  mime,
  size,
  read,
}: {
  mime: string | null;
  size: number;
  /** Reads the whole text. */
  read: () => string;
}) {
  const [opened, setOpened] = useState<{ data: Uint8Array<ArrayBuffer> | null } | null>(null);
  return (
    // Clicks and keys here do not open the row.
    <span
      onClick={(event) => event.stopPropagation()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <button
        type="button"
        className="badge is-outlined"
        title="Show the content"
        onClick={() => setOpened({ data: bytesOfText(read()) })}
      >
        {mime ?? "base64"} · {textOf(bytes(size))}
      </button>
      {opened && <Opened mime={mime} data={opened.data} onClose={() => setOpened(null)} />}
    </span>
  );
}

function Opened({
  mime,
  data,
  onClose,
}: {
  mime: string | null;
  data: Uint8Array<ArrayBuffer> | null;
  onClose: () => void;
}) {
  const media: Media = {
    type: "media",
    kind: "file",
    mime,
    name: null,
    bytes: data?.length ?? null,
    at: "inline",
    reference: null,
  };
  const found = data && sniff(data);
  if (data && found?.kind === "image")
    return <MediaDialog media={media} data={data} found={found} onClose={onClose} />;
  return (
    <Dialog label={mime ?? "base64"} className="media-other" onClose={onClose}>
      {data ? (
        <MediaContent media={media} data={data} />
      ) : (
        <p className="note">It is not whole, or too large to be decoded here.</p>
      )}
    </Dialog>
  );
}
