/** Makes hidden characters of a text visible. */

/** Terminal escape sequences (ECMA-48): CSI and OSC. */
const terminalOrders =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/**
 * Joiners and variation selectors that shape emoji and scripts from Arabic to Sinhala: their effect is
 * visible already.
 */
const shaping = [
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})/u,
  /(?<=\p{Extended_Pictographic})[\ufe0e\ufe0f]|(?<=[#*\d])\ufe0f(?=\u20e3)/u,
  /(?<=[\u0620-\u0dff])[\u200c\u200d](?=[\u0620-\u0dff])/u,
];

/** Control characters except line breaks and tabs, zero-width characters and bidirectional controls. */
const hidden = /(?![\n\t])[\p{Cc}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/u;

const either = new RegExp(
  `(${shaping.map(({ source }) => source).join("|")})|${hidden.source}`,
  "gu",
);

/** Removes terminal colours and writes hidden characters as their code: `\u202e`. */
export function visible(text: string): string {
  return text
    .replaceAll(terminalOrders, "")
    .replaceAll("\r\n", "\n")
    .replaceAll(either, (character, shape?: string) => shape ?? codeOf(character));
}

function codeOf(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
}
