/** What the system says of a disk that cannot be written. */

export function isDiskFull(cause: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(codeOf(cause));
}

/** Whether it is full or failing. */
export function isDiskFailing(cause: unknown): boolean {
  return isDiskFull(cause) || codeOf(cause) === "EIO";
}

function codeOf(cause: unknown): string {
  return `${(cause as { code?: unknown }).code}`;
}
