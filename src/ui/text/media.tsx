/**
 * Media attached to a message. Bytes come only from this server's store, are loaded when in view, and are
 * rendered only as the type detected from their content. Nothing is requested from other hosts, and no
 * sound plays by itself.
 */
import { useQuery } from "@tanstack/react-query";
import { createContext, use, useEffect, useRef, useState, type ReactNode } from "react";
import { byKey } from "../../api.ts";
import type { Media } from "../../messages/model.ts";
import { request } from "../data/client.ts";
import { bytes, textOf } from "../format.ts";
import { Dialog, LoadError } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { visible } from "../parts/visible.ts";
import { saveFile } from "./save.ts";
import { fileName, maxShownBytes, sniff, type Sniffed } from "./sniff.ts";

/** The span that contains the media below. */
export const MediaPlace = createContext<{ trace: number; span: number } | null>(null);

export function MediaView({ media }: { media: Media }) {
  const place = use(MediaPlace);
  if (media.at === "url") return <RemoteMedia media={media} />;
  const { content, bytes: size } = media;
  if (place && content !== undefined) {
    const read = async (signal?: AbortSignal) => {
      const at = { trace: byKey(place.trace), span: byKey(place.span), content };
      const route = "GET /api/traces/:trace/spans/:span/media/:content";
      return new Uint8Array(await (await request(route, { at }, signal)).arrayBuffer());
    };
    return size !== null && size > maxShownBytes ? (
      <HiddenMedia media={media} why="too large to be shown" read={read} />
    ) : (
      <Stored media={media} id={[place.trace, place.span, content]} read={read} />
    );
  }
  return (
    <span className="badge is-outlined" title={media.reference ?? undefined}>
      {wordsOf(media, media.mime ?? media.kind)}
      {media.at === "file" && ", kept by the provider"}
    </span>
  );
}

type Read = (signal?: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>;

function Stored({ media, id, read }: { media: Media; id: unknown[]; read: Read }) {
  const box = useRef<HTMLSpanElement>(null);
  const isSeen = useWasInView(box);
  const { data, error, refetch } = useQuery({
    queryKey: ["media", ...id],
    queryFn: ({ signal }) => read(signal),
    enabled: isSeen,
    staleTime: Infinity,
    gcTime: 60_000,
    structuralSharing: false,
  });
  if (error) return <LoadError error={error} retry={() => void refetch()} />;
  if (!data) {
    const isThumb = media.kind === "image";
    return <span ref={box} className={isThumb ? "media-thumb" : "media-tile"} aria-busy="true" />;
  }
  return <MediaContent media={media} data={data} />;
}

/** True from the moment the element has been near the visible part. */
function useWasInView(box: React.RefObject<HTMLElement | null>): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (!box.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && setSeen(true),
      { rootMargin: "200px" },
    );
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [box]);
  return isSeen;
}

export function MediaContent({ media, data }: { media: Media; data: Uint8Array<ArrayBuffer> }) {
  const found = data.length > maxShownBytes ? null : sniff(data);
  const read = async () => data;
  if (found?.kind === "image") return <Thumb media={media} data={data} found={found} />;
  if (found?.kind === "audio") return <Sound media={media} data={data} found={found} />;
  if (found?.kind === "pdf") {
    return (
      <Tile media={media} found={found} size={data.length}>
        <SaveButton media={media} found={found} read={read} />
      </Tile>
    );
  }
  return <HiddenMedia media={media} size={data.length} why="not shown here" read={read} />;
}

interface Found {
  media: Media;
  data: Uint8Array<ArrayBuffer>;
  found: Sniffed;
}

function Thumb({ media, data, found }: Found) {
  const url = useUrl(data, found.mime);
  const [isLarge, setLarge] = useState(false);
  const [isBroken, setBroken] = useState(false);
  const words = wordsOf({ ...media, bytes: data.length }, found.mime);
  if (isBroken) {
    const why = "this browser cannot draw it";
    return <HiddenMedia media={media} size={data.length} why={why} read={async () => data} />;
  }
  return (
    // A click here does not select what is around it.
    <span className="media-hold" onClick={(event) => event.stopPropagation()}>
      <button
        type="button"
        className="media-thumb"
        title={words}
        aria-label={`Enlarge ${words}`}
        onClick={() => setLarge(true)}
      >
        {url && <img src={url} alt="" decoding="async" onError={() => setBroken(true)} />}
        <span className="media-caption">
          <span className="truncated">{visible(media.name ?? found.mime)}</span>
          <span>{textOf(bytes(data.length))}</span>
        </span>
      </button>
      {isLarge && (
        <MediaDialog media={media} data={data} found={found} onClose={() => setLarge(false)} />
      )}
    </span>
  );
}

export function MediaDialog({ media, data, found, onClose }: Found & { onClose: () => void }) {
  const url = useUrl(data, found.mime);
  const [size, setSize] = useState("");
  const name = visible(media.name ?? "Image");
  return (
    <Dialog label={name} className="media-large" onClose={onClose}>
      <header>
        <span className="truncated">{name}</span>
        <span className="dim">
          {[size, found.mime, textOf(bytes(data.length))].filter(Boolean).join(" · ")}
        </span>
        <span className="grow" />
        <SaveButton media={media} found={found} read={async () => data} />
        <button
          type="button"
          className="button is-quiet is-small is-square"
          aria-label="Close"
          title="Close (Esc)"
          onClick={({ currentTarget }) => currentTarget.closest("dialog")!.close()}
        >
          <Icon name="close" size="s" />
        </button>
      </header>
      {url && (
        <img
          src={url}
          alt={name}
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
            setSize(`${naturalWidth} × ${naturalHeight}`)
          }
        />
      )}
    </Dialog>
  );
}

function Sound({ media, data, found }: Found) {
  const url = useUrl(data, found.mime);
  const [isBroken, setBroken] = useState(false);
  if (isBroken) {
    const why = "this browser cannot play it";
    return <HiddenMedia media={media} size={data.length} why={why} read={async () => data} />;
  }
  return (
    <Tile media={media} found={found} size={data.length}>
      {url && (
        <audio
          controls
          preload="metadata"
          src={url}
          aria-label={visible(media.name ?? "Sound")}
          onError={() => setBroken(true)}
        />
      )}
      <SaveButton media={media} found={found} read={async () => data} />
    </Tile>
  );
}

/** An object URL with the detected type, never the declared one. */
function useUrl(data: Uint8Array<ArrayBuffer>, mime: string): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([data], { type: mime }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [data, mime]);
  return url;
}

function Tile({
  media,
  found,
  size,
  children,
}: {
  media: Media;
  found: Sniffed;
  size: number;
  children: ReactNode;
}) {
  return (
    <span className="media-tile">
      <span className="media-name truncated">{visible(media.name ?? found.mime)}</span>
      <span className="dim">
        {media.name !== null && `${found.mime}, `}
        {textOf(bytes(size))}
      </span>
      <span className="grow" />
      {children}
    </span>
  );
}

/** The declared type is shown as plain text. */
function HiddenMedia({
  media,
  size = media.bytes ?? undefined,
  why,
  read,
}: {
  media: Media;
  size?: number | undefined;
  why: string;
  read: Read;
}) {
  return (
    <span className="media-tile is-unshown">
      <Icon name="warn" size="s" />
      <span className="media-name truncated">
        {wordsOf({ ...media, bytes: size ?? null }, media.mime ?? media.kind)}
      </span>
      <span className="truncated">{why}</span>
      <span className="grow" />
      <SaveButton media={media} found={null} read={read} />
    </span>
  );
}

function SaveButton({
  media: { name },
  found,
  read,
}: {
  media: Media;
  found: Sniffed | null;
  read: Read;
}) {
  const [error, setError] = useState<string | null>(null);
  const save = async () => {
    try {
      saveFile(await read(), fileName(name, found?.extension ?? "bin"));
      setError(null);
    } catch (cause) {
      setError((cause as Error).message);
    }
  };
  return (
    <button
      type="button"
      className="button is-small"
      title={error ?? undefined}
      onClick={(event) => {
        event.stopPropagation();
        void save();
      }}
    >
      <Icon name="download" size="s" />
      {error === null ? "Save" : "Not saved"}
    </button>
  );
}

/** A link to remote media; nothing is requested until the user follows it. */
function RemoteMedia({ media }: { media: Media }) {
  const url = URL.parse(media.reference ?? "");
  const isWeb = url !== null && /^https?:$/.test(url.protocol);
  if (!isWeb) {
    return (
      <span className="badge is-outlined" title={media.reference ?? undefined}>
        {wordsOf(media, media.mime ?? media.kind)}, elsewhere
      </span>
    );
  }
  const isThumb = media.kind === "image";
  return (
    <a
      className={isThumb ? "media-thumb is-remote" : "media-tile is-remote"}
      href={url.href}
      title={url.href}
      target="_blank"
      rel="noopener noreferrer"
      onClick={(event) => event.stopPropagation()}
    >
      {!isThumb && <span className="media-name truncated">{wordsOf(media, media.kind)}</span>}
      <span className="truncated">{url.host}</span>
      <span className="dim">not loaded</span>
      {!isThumb && <span className="grow" />}
      <span className="link">Open</span>
    </a>
  );
}

/** "shot.png · image/png · 2.0 KB". */
function wordsOf({ name, bytes: size }: Media, type: string): string {
  return visible([name, type, size !== null && textOf(bytes(size))].filter(Boolean).join(" · "));
}
