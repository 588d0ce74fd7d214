/** The server's own words, on stderr: for people on a terminal, lines of JSON in a pipe. */

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export type Log = Record<
  Exclude<LogLevel, "silent">,
  (message: string, fields?: Record<string, unknown>) => void
>;

/** @param write takes one line, without its end. */
export function createLog(
  level: LogLevel,
  isTerminal: boolean,
  write: (line: string) => void,
): Log {
  const at = (severity: Exclude<LogLevel, "silent">) => {
    if (logLevels.indexOf(severity) < logLevels.indexOf(level)) return () => {};
    return (message: string, fields: Record<string, unknown> = {}) => {
      const time = new Date().toISOString();
      if (!isTerminal) return write(JSON.stringify({ time, level: severity, message, ...fields }));
      const details = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
      write([time.slice(11, 19), severity.padEnd(5), message, ...details].join(" "));
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
