/** The entry point: finds the operator's token and renders the viewer. */
// Shared styles are imported first, so that the styles of pages override them.
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/surfaces.css";
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
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { setToken } from "./data/client.ts";
import { createQueryClient } from "./data/query-client.ts";
import { findToken, forgetToken } from "./data/token.ts";
import { isOfManual } from "./pages.ts";
import { Boundary, PageError } from "./parts/page-errors.tsx";
import { ManualAlone } from "./shell/alone.tsx";
import { Locked } from "./shell/locked.tsx";
import { listenForKeys } from "./state/keys.ts";
import { readAhead } from "./trace/query.ts";

const client = createQueryClient();
const root = createRoot(document.getElementById("root")!);
const token = await findToken();
if (token === null) shut(null);
else {
  setToken(token, () => {
    forgetToken();
    shut(token);
  });
  readAhead(client, location);
  listenForKeys();
  root.render(
    <Boundary fallback={(error, again) => <PageError error={error} again={again} />}>
      <App client={client} />
    </Boundary>,
  );
}

/** What is shown without a token, or with one that the server refused. */
function shut(wasRefused: string | null): void {
  root.render(
    isOfManual(location.pathname) ? (
      <ManualAlone client={client} />
    ) : (
      <Locked wasRefused={wasRefused} />
    ),
  );
}
