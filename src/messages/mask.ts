/** Masks the parts of a prompt that differ from run to run without an edit. */

const month = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?";
const day = "(?:mon|tue|wed|thu|fri|sat|sun)(?:day|s|sday|nesday|rs|rsday|urday)?\\.?";

/**
 * Longest match first. Each pattern is linear: a repetition cannot start where a previous one can end.
 */
const masks: [RegExp, string][] = [
  [/\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi, "<id>"],
  [
    /\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)?(?:Z|[+-]\d{2}:?\d{2})?/g,
    "<date>",
  ],
  [/\b\d{1,4}[./]\d{1,2}[./]\d{2,4}\b/g, "<date>"],
  [
    new RegExp(`\\b(?:${day},? )?${month} \\d{1,2}(?:st|nd|rd|th)?(?:,? \\d{4})?\\b`, "gi"),
    "<date>",
  ],
  [
    new RegExp(`\\b(?:${day},? )?\\d{1,2}(?:st|nd|rd|th)? ${month}(?:,? \\d{4})?\\b`, "gi"),
    "<date>",
  ],
  [
    /\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?[ap]\.?m\b\.?)?(?: (?:UTC|GMT|[A-Z]{2,4}T)\b)?/gi,
    "<time>",
  ],
  [/\b[a-z]:[\\/][^\s"'`<>|,;)\]}]*/gi, "<path>"],
  [/(?<![\w<:/.~])(?:~|\.{1,2})?\/(?!\/)[^\s"'`<>|,;)\]}]+/g, "<path>"],
  // An id contains both digits and letters.
  [/\b(?=[\w-]{0,64}\d)(?=[\w-]{0,64}[a-z])[\w-]{12,128}\b/gi, "<id>"],
  [/\b(?=[\da-f]{0,64}\d)[\da-f]{7,128}\b/gi, "<id>"],
  [/\d+(?:[.,]\d+)*/g, "<n>"],
];

const dayBeforeDate = new RegExp(`\\b${day},? (?=<date>)`, "gi");

/**
 * @returns the masked prompt. Two prompts that differ only in ids, dates, paths and numbers have the same
 * result.
 */
export function maskPrompt(text: string): string {
  let masked = text;
  for (const [pattern, name] of masks) masked = masked.replace(pattern, name);
  // Lists of dates or paths can differ in length, and so can whitespace.
  return masked.replace(dayBeforeDate, "").replace(/\s+/g, " ").trim();
}
