/**
 * What bytes are, by how they begin. The type that came with them is the sender's word and is not believed:
 * only what is on this list is ever given to the browser to draw or to play, as the type found here. SVG and
 * HTML are not on it, since they could run.
 */

export interface Sniffed {
  kind: "image" | "audio" | "pdf";
  mime: string;
  extension: string;
}

/** More is saved, not shown. */
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
  // With its tags before it, or with the first frame: MPEG 1, 2 or 2.5, layer 3.
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

/** Null for whatever is not on the list. */
export function sniff(bytes: Uint8Array): Sniffed | null {
  const head = String.fromCharCode(...bytes.subarray(0, 16));
  const isOne = (all: Signature[]) => all.every(([at, text]) => head.startsWith(text, at));
  return formats.find(([, ...ways]) => ways.some(isOne))?.[0] ?? null;
}

/** A name that a file may have on any system, with the ending of what it really is. */
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

/** The bytes of a data URL with base64, or of bare base64; null where it is neither. */
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
