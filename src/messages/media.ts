/**
 * Images, sound and files within a message. Their bytes are never copied out: a part says what they
 * are, how large, and where.
 */
import { isObject, pick, pickText, type Json, type JsonObject } from "./json.ts";
import type { Media } from "./model.ts";

/** Where providers put what describes the data, inside the part. */
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
];
const idKeys = ["file_id", "fileId", "id"];
const mimeKeys = ["mediaType", "mimeType", "media_type", "mime_type", "format"];
const nameKeys = ["filename", "name", "title"];

/** @param sent a part of a message that is media by its type or its only key. */
export function mediaOf(sent: JsonObject): Media {
  const places = [sent];
  // Two levels: Bedrock has `image.source.bytes`.
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
        if (typeof value === "string" && value !== "" && isMeant(value)) return value;
      }
    return null;
  };
  const dataUri = text(urlKeys.concat(dataKeys), isDataUri);
  const url = dataUri === null ? text(urlKeys, isLink) : null;
  const data = dataUri === null && url === null ? dataIn(places) : null;
  const isInline = dataUri !== null || data !== null;
  const id = isInline || url !== null ? null : text(idKeys);
  const sentMime = text(mimeKeys);
  const mime = dataUri === null ? sentMime : (/^data:([^;,]+)/.exec(dataUri)?.[1] ?? sentMime);
  return {
    type: "media",
    kind: kindOf(mime, sent),
    mime,
    name: text(nameKeys),
    bytes: dataUri !== null ? sizeOfUri(dataUri) : data,
    at: isInline ? "inline" : url !== null ? "url" : "file",
    reference: url ?? id,
  };
}

/** True for an object that is media although no type says so, as Gemini and Bedrock have it. */
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
  );
  return isObject(sent);
}

function isDataUri(text: string): boolean {
  return text.startsWith("data:");
}

function isLink(text: string): boolean {
  return text.length <= 8192 && /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/** The size of base64, or of bytes that became a list of numbers; null where there are none. */
function dataIn(places: JsonObject[]): number | null {
  for (const place of places)
    for (const key of dataKeys) {
      const value: Json = place[key] ?? null;
      if (typeof value === "string" && value !== "") return base64Size(value, 0);
      if (Array.isArray(value) && typeof value[0] === "number") return value.length;
      // A Uint8Array, as JSON has it.
      if (isObject(value) && typeof value["0"] === "number") return Object.keys(value).length;
    }
  return null;
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

function kindOf(mime: string | null, sent: JsonObject): Media["kind"] {
  const words = `${mime ?? ""} ${pickText(sent, "type", "modality") ?? ""} ${pickText(sent, "modality") ?? ""} ${Object.keys(sent)[0] ?? ""}`;
  return (/image|audio|video/.exec(words)?.[0] ?? "file") as Media["kind"];
}
