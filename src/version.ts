import manifest from "../package.json" with { type: "json" };

/** The version that `--version`, `/api/status` and `server.json` show. */
export const version: string = manifest.version;
