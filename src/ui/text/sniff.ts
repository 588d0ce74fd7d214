/**
 * Detects the type of bytes from their beginning. The declared type is not trusted: only types on this
 * list are rendered or played, as the type detected here. SVG and HTML are not on it, because they can run
 * scripts.
 */

export interface Sniffed {
  kind: "image" | "audio" | "pdf";
  mime: string;
  extension: string;
}

/** Larger media can be saved but are not shown. */
export const maxShownBytes = 10 * 1024 * 1024;

type Signature = [at: number, text: string];

const formats: [Sniffed, ...Signature[][]][] = [
  [image("png"), [[0, "\x89PNG\r\n\x1a\n"]]],
  [image("jpeg", "jpg"), [[0, "\xff\xd8\xff"]]],
  [image("gif"), [[0, "GIF87a"]], [[0, "GIF89a"]]],
  [
    image("webp"),
    [
      [0, "RIFF"],
      [8, "WEBPVP8"],
    ],
  ],
  [image("avif"), [[4, "ftypavif"]], [[4, "ftypavis"]]],
  [
    audio("wav"),
    [
      [0, "RIFF"],
      [8, "WAVE"],
    ],
  ],
  // With tags first, or with the first frame: MPEG 1, 2 or 2.5, layer 3.
  [
    audio("mpeg", "mp3"),
    [[0, "ID3"]],
    ...["\xfb", "\xfa", "\xf3", "\xf2", "\xe3", "\xe2"].map((next): Signature[] => [
      [0, `\xff${next}`],
    ]),
  ],
  [audio("ogg"), [[0, "OggS\0"]]],
  [audio("flac"), [[0, "fLaC"]]],
  [audio("mp4", "m4a"), [[4, "ftypM4A "]], [[4, "ftypM4B "]]],
  [{ kind: "pdf", mime: "application/pdf", extension: "pdf" }, [[0, "%PDF-"]]],
];

function image(type: string, extension = type): Sniffed {
  return { kind: "image", mime: `image/${type}`, extension };
}

function audio(type: string, extension = type): Sniffed {
  return { kind: "audio", mime: `audio/${type}`, extension };
}

/** Null for any other type. */
export function sniff(bytes: Uint8Array): Sniffed | null {
  const head = String.fromCharCode(...bytes.subarray(0, 16));
  const isOne = (all: Signature[]) => all.every(([at, text]) => head.startsWith(text, at));
  return formats.find(([, ...ways]) => ways.some(isOne))?.[0] ?? null;
}

/** A file name that is valid on any system, with the extension of the detected type. */
export function fileName(name: string | null, extension: string): string {
  const base = (name ?? "")
    .split(/[/\\]/)
    .at(-1)!
    .replaceAll(/[^\p{L}\p{N} ._-]/gu, "")
    .replace(/^[. ]+/, "")
    .slice(0, 80);
  if (base === "") return `attachment.${extension}`;
  return base.toLowerCase().endsWith(`.${extension}`) ? base : `${base}.${extension}`;
}

/** Decodes a base64 data URL or plain base64; null if it is neither. */
export function bytesOfText(text: string): Uint8Array<ArrayBuffer> | null {
  const data = text.replace(/^data:[^,]{0,200};base64,/, "");
  if (data.length > (maxShownBytes / 3) * 4 + 4) return null;
  try {
    const decoded = atob(data.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(decoded, (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
