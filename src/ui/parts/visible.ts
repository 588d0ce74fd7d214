/** Makes plain what a terminal or an editor would hide: texts are shown as what they are. */

/** Colours and other orders to terminals (ECMA-48): CSI and OSC sequences. */
const terminalOrders =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** They shape what stands beside them, emoji and the letters from Arabic to Sinhala: that is seen. */
const shaping = [
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})/u,
  /(?<=\p{Extended_Pictographic})[\ufe0e\ufe0f]|(?<=[#*\d])\ufe0f(?=\u20e3)/u,
  /(?<=[\u0620-\u0dff])[\u200c\u200d](?=[\u0620-\u0dff])/u,
];

/** Controls but for line breaks and tabs, and what has no width or turns writing around. */
const hidden = /(?![\n\t])[\p{Cc}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/u;

const either = new RegExp(
  `(${shaping.map(({ source }) => source).join("|")})|${hidden.source}`,
  "gu",
);

/** Without colours for terminals, and with what cannot be seen as its code: `\u202e`. */
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
