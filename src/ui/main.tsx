/** The page begins: finds the token, and shows what it opens. */
// First, so that the rooms' own rules win: what is shared, the plainest before the rest.
import "./styles/tokens.css";
import "./styles/base.css";
import "./parts/axis.css";
import "./parts/drop.css";
import "./parts/facts.css";
import "./parts/fold.css";
import "./parts/grid.css";
import "./parts/heads.css";
import "./parts/note.css";
import "./parts/stats.css";
import "./parts/tabs.css";
import "./parts/worked.css";
import "./text/text.css";
import "./text/media.css";
import { QueryClient } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { ApiError, setToken } from "./data/client.ts";
import { findToken, forgetToken } from "./data/token.ts";
import { Locked } from "./shell/locked.tsx";
import { listenForKeys } from "./state/keys.ts";
import { readAhead } from "./trace/query.ts";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // The live connection says when something is stale.
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      // What the server refused once it refuses again.
      retry: (failures, error) =>
        !(error instanceof ApiError && error.status < 500) && failures < 2,
    },
  },
});

const root = createRoot(document.getElementById("root")!);
const token = await findToken();
if (token === null) root.render(<Locked wasRefused={false} />);
else {
  setToken(token, () => {
    forgetToken();
    root.render(<Locked wasRefused />);
  });
  readAhead(client, location);
  listenForKeys();
  root.render(<App client={client} />);
}
