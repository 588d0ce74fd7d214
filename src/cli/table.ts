/** Tables for people. */
import Table from "cli-table3";

/** Columns without borders, as the tools around this one print them. */
export function toTable(head: string[], rows: (string | number | null)[][]): string {
  const table = new Table({
    head,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: {
      top: "",
      "top-mid": "",
      "top-left": "",
      "top-right": "",
      bottom: "",
      "bottom-mid": "",
      "bottom-left": "",
      "bottom-right": "",
      left: "",
      "left-mid": "",
      right: "",
      "right-mid": "",
      mid: "",
      "mid-mid": "",
      middle: "",
    },
  });
  table.push(
    ...rows.map((row) => row.map((cell) => (cell === null ? "—" : printable(String(cell))))),
  );
  return table.toString();
}

/** Texts of senders lose their control characters: a name must not move the cursor. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "�");
}

/** Epoch ms as local date and time, or null. */
export function toLocalTime(epochMs: number | null): string | null {
  return epochMs === null ? null : new Date(epochMs).toLocaleString("sv-SE");
}
