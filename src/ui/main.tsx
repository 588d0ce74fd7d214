/** The page begins: finds the token, and shows what it opens. */
// First, so that the rooms' own rules win: what is shared, the plainest before the rest.
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
import { Boundary, Broken } from "./parts/unloaded.tsx";
import { Locked } from "./shell/locked.tsx";
import { listenForKeys } from "./state/keys.ts";
import { readAhead } from "./trace/query.ts";

const client = createQueryClient();
const root = createRoot(document.getElementById("root")!);
const token = await findToken();
if (token === null) root.render(<Locked wasRefused={null} />);
else {
  setToken(token, () => {
    forgetToken();
    root.render(<Locked wasRefused={token} />);
  });
  readAhead(client, location);
  listenForKeys();
  root.render(
    <Boundary fallback={(error, again) => <Broken error={error} again={again} />}>
      <App client={client} />
    </Boundary>,
  );
}
