/** The page begins: finds the token, and shows what it opens. */
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { setToken } from "./data/client.ts";
import { findToken, forgetToken } from "./data/token.ts";
import { Locked } from "./shell/locked.tsx";
import { listenForKeys } from "./state/keys.ts";
import "./styles/tokens.css";
import "./styles/base.css";

const root = createRoot(document.getElementById("root")!);
const token = await findToken();
if (token === null) root.render(<Locked wasRefused={false} />);
else {
  setToken(token, () => {
    forgetToken();
    root.render(<Locked wasRefused />);
  });
  listenForKeys();
  root.render(<App />);
}
