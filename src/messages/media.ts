/**
 * Images, audio and files in messages. Their bytes are not copied: a part has their type, size and
 * location.
 */
import { isNumber, isObject, pick, pickText, toText, type Json, type JsonObject } from "./json.ts";
import { leftOf } from "./members.ts";
import type { Media, Message, Part } from "./model.ts";

/** The original value of each media part: a data URL, base64, or bytes as numbers. */
const sources = new WeakMap<Media, Json>();

/** The members in which providers nest the description of the data. */
const nests = [
  "image_url",
  "imageUrl",
  "video_url",
  "audio_url",
  "input_audio",
  "source",
  "file",
  "image",
  "audio",
  "video",
  "document",
  "inlineData",
  "inline_data",
  "fileData",
  "file_data",
  "data",
  "media",
];

const urlKeys = [
  "url",
  "uri",
  "file_uri",
  "fileUri",
  "file_url",
  "image_url",
  "data",
  "image",
  "audio",
];
const dataKeys = [
  "data",
  "file_data",
  "bytes",
  "content",
  "image",
  "audio",
  "result",
  "b64_json",
  "base64Data",
  "base64",
  "base64_image",
  "blob",
];
const idKeys = ["file_id", "fileId", "id"];
const mimeKeys = [
  "mediaType",
  "mimeType",
  "media_type",
  "mime_type",
  "contentType",
  "format",
  "output_format",
  "image_mimetype",
  "document_mimetype",
  "audio_mimetype",
];
const nameKeys = ["filename", "name", "title"];

/**
 * Reads a part that is media by its type or its only key, and any text beside it.
 *
 * @param hint the kind, such as `image`, if the part's type does not tell.
 */
export function mediaParts(sent: JsonObject, hint: string = ""): Part[] {
  const { media, used } = mediaOf(sent, hint);
  const { type: _, block_type: __, content_type: ___, kind: ____, ...members } = sent;
  const left = leftOf(members, used, false);
  return left === undefined ? [media] : [media, { type: "raw", text: toText(left) }];
}

/** `used` are the values that the media was read from. */
function mediaOf(sent: JsonObject, hint: string): { media: Media; used: ReadonlySet<Json> } {
  const used = new Set<Json>();
  const places = [sent];
  // Two levels, because Bedrock uses `image.source.bytes`.
  for (let i = 0, from = 0; i < 2; i++) {
    const level = places.slice(from);
    from = places.length;
    for (const place of level)
      for (const key of nests) {
        const nested = place[key];
        if (isObject(nested)) places.push(nested);
      }
  }
  const text = (keys: string[], isMeant: (text: string) => boolean = () => true) => {
    for (const place of places)
      for (const key of keys) {
        const value = place[key] ?? null;
        if (typeof value !== "string" || value === "" || !isMeant(value)) continue;
        used.add(value);
        return value;
      }
    return null;
  };
  const dataUri = text(urlKeys.concat(dataKeys), isDataUri);
  const url = dataUri === null ? text(urlKeys, isLink) : null;
  const data = dataUri === null && url === null ? dataIn(places, used) : null;
  const isInline = dataUri !== null || data !== null;
  const id = isInline || url !== null ? null : text(idKeys);
  const sentMime = text(mimeKeys);
  const mime = dataUri === null ? sentMime : (/^data:([^;,]+)/.exec(dataUri)?.[1] ?? sentMime);
  const media: Media = {
    type: "media",
    kind: kindOf(mime, sent, hint),
    mime,
    name: text(nameKeys),
    bytes: dataUri !== null ? sizeOfUri(dataUri) : (data?.size ?? null),
    at: isInline ? "inline" : url !== null ? "url" : "file",
    reference: url ?? id,
  };
  const source = dataUri ?? data?.value;
  if (source !== undefined) sources.set(media, source);
  return { media, used };
}

/** Adds to each media part the name by which its bytes can be requested. */
export function withMediaNames(message: Message): Message {
  const isMedia = message.parts.some(({ type }) => type === "media");
  return isMedia ? { ...message, parts: message.parts.map(withMediaName) } : message;
}

export function withMediaName<P extends Part>(part: P): P {
  if (part.type !== "media") return part;
  const source = sources.get(part);
  return source === undefined ? part : { ...part, content: nameOf(source) };
}

/** The bytes of the media with this name; null if no message contains it. */
export function bytesNamed(messages: Message[], name: string): Uint8Array<ArrayBuffer> | null {
  for (const part of messages.flatMap(({ parts }) => parts)) {
    const source = part.type === "media" ? sources.get(part) : undefined;
    if (source !== undefined && nameOf(source) === name) return bytesOf(source);
  }
  return null;
}

/** A hash of the content, so that the same content has the same name in every span. */
function nameOf(source: Json): string {
  return Bun.hash(typeof source === "string" ? source : JSON.stringify(source)).toString(36);
}

function bytesOf(source: Json): Uint8Array<ArrayBuffer> {
  if (typeof source !== "string") return Uint8Array.from(Object.values(source ?? {}).map(Number));
  if (!isDataUri(source)) return Uint8Array.from(Buffer.from(source, "base64"));
  const comma = source.indexOf(",") + 1;
  const data = comma === 0 ? "" : source.slice(comma);
  const isBase64 = source.slice(0, comma).endsWith(";base64,");
  return Uint8Array.from(isBase64 ? Buffer.from(data, "base64") : unescaped(data));
}

/** Decodes the percent-encoding of data URLs without base64; invalid sequences are kept. */
function unescaped(text: string): Buffer {
  try {
    return Buffer.from(decodeURIComponent(text));
  } catch {
    return Buffer.from(text);
  }
}

/** Whether an object is media although it has no type, as in Gemini and Bedrock. */
export function isUntypedMedia(part: JsonObject): boolean {
  const sent = pick(
    part,
    "inlineData",
    "inline_data",
    "fileData",
    "file_data",
    "image",
    "audio",
    "video",
    "document",
    "media",
  );
  return isObject(sent);
}

/** Whether a text is only a data URL; checks its beginning. */
export function isDataUrl(text: string): boolean {
  return /^data:[\w.+-]+\/[\w.+-]+(;[\w.+-]+=[\w.+-]+)*;base64,[\w+/=-]+$/.test(text.slice(0, 256));
}

function isDataUri(text: string): boolean {
  return text.startsWith("data:");
}

function isLink(text: string): boolean {
  return text.length <= 8192 && /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/** The base64 text or byte list and its size; null if there is none. */
function dataIn(places: JsonObject[], used: Set<Json>): { value: Json; size: number } | null {
  for (const place of places)
    for (const key of dataKeys) {
      const value: Json = place[key] ?? null;
      const size =
        typeof value === "string" && isBase64(value)
          ? base64Size(value, 0)
          : Array.isArray(value) && isNumber(value[0])
            ? value.length
            : // The JSON form of a Uint8Array.
              isObject(value) && isNumber(value["0"])
              ? Object.keys(value).length
              : null;
      if (size === null) continue;
      used.add(value);
      return { value, size };
    }
  return null;
}

/** Checks the beginning: prose contains spaces, JSON contains quotes. */
function isBase64(text: string): boolean {
  return text !== "" && /^[\w+/=\r\n-]+$/.test(text.slice(0, 256));
}

function sizeOfUri(uri: string): number {
  const comma = uri.indexOf(",");
  if (comma < 0) return 0;
  const isBase64 = uri.slice(0, comma).endsWith(";base64");
  return isBase64 ? base64Size(uri, comma + 1) : uri.length - comma - 1;
}

function base64Size(text: string, from: number): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return Math.max(0, Math.floor(((text.length - from) * 3) / 4) - padding);
}

function kindOf(mime: string | null, sent: JsonObject, hint: string): Media["kind"] {
  const type = pickText(sent, "type", "block_type", "content_type", "kind") ?? "";
  const words = [mime, type, hint, pickText(sent, "modality"), Object.keys(sent)[0]].join(" ");
  return (/image|audio|video/.exec(words)?.[0] ?? "file") as Media["kind"];
}
