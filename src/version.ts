import manifest from "../package.json" with { type: "json" };

/** The version that `--version`, `/api/status` and `server.json` show. */
export const version: string = manifest.version;

/** Whether this is the executable, and not the sources run by Bun. */
export const isCompiled = Bun.main.startsWith("/$bunfs/") || Bun.main.includes("~BUN");
