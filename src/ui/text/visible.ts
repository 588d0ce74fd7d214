/** Makes plain what a terminal or an editor would hide: texts are shown as what they are. */

/** Colours and other orders to terminals (ECMA-48): CSI and OSC sequences. */
const terminalOrders =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Control characters but for line breaks and tabs, and those that turn the direction of writing around. */
const hidden =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Without colours for terminals, and with what cannot be seen as its code: `\u202e`. */
export function visible(text: string): string {
  return text
    .replaceAll(terminalOrders, "")
    .replaceAll("\r\n", "\n")
    .replaceAll(
      hidden,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}
