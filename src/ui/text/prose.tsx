/**
 * Renders Markdown: from the lexer's tokens directly to elements. No HTML is involved, so nothing can run;
 * what looks like HTML is shown as text.
 */
import type { MarkedToken, Token, Tokens } from "marked";
import {
  createContext,
  memo,
  use,
  useMemo,
  useState,
  type ComponentType,
  type ReactNode,
} from "react";
import { bytes, textOf } from "../format.ts";
import { visible } from "../parts/visible.ts";
import { Code } from "./code.tsx";
import { markdownOf } from "./markdown.ts";

/** How much is rendered at first, the rest on request: typical answers of agents take about 10 ms. */
const pieceLength = 64 * 1024;
const pieceLines = 1_000;
/** Deeper quotes and lists are shown as text. */
const maxDepth = 12;

/** Around a text of our own: how it has its headings and links. What others wrote has neither. */
export const OwnText = createContext<{
  Heading: ComponentType<{ depth: number; text: string; children: ReactNode }>;
  Link: ComponentType<{ href: string; children: ReactNode }>;
} | null>(null);

export const Prose = memo(function Prose({ text }: { text: string }) {
  const [pieces, setPieces] = useState(1);
  const shown = useMemo(() => beginningOf(text, pieces), [text, pieces]);
  const parts = useMemo(() => markdownOf(visible(shown)), [shown]);
  return (
    <div className="text-prose">
      {parts.map((part, i) =>
        "plain" in part ? (
          <p className="text-plain" key={i}>
            {part.plain}
          </p>
        ) : (
          <Blocks tokens={part.tokens} depth={0} key={i} />
        ),
      )}
      {shown.length < text.length && (
        <p className="note">
          {textOf(bytes(text.length))} of text, {textOf(bytes(shown.length))} shown{" "}
          <button type="button" className="link" onClick={() => setPieces(pieces + 1)}>
            more
          </button>
        </p>
      )}
    </div>
  );
});

function beginningOf(text: string, pieces: number): string {
  let end = 0;
  for (let line = 0; line < pieces * pieceLines && end < text.length; line++) {
    end = text.indexOf("\n", end) + 1 || text.length;
  }
  return text.slice(0, Math.min(end, pieces * pieceLength));
}

export function Blocks({ tokens, depth }: { tokens: readonly Token[]; depth: number }) {
  return tokens.map((token, i) => <Block key={i} token={token as MarkedToken} depth={depth} />);
}

function Block({ token, depth }: { token: MarkedToken; depth: number }): ReactNode {
  if (depth > maxDepth) return <p>{token.raw}</p>;
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return <Heading heading={token} />;
    case "paragraph":
      return (
        <p>
          <Inline tokens={token.tokens ?? []} />
        </p>
      );
    case "code":
      return <Code text={token.text} language={token.lang?.split(/\s/)[0] || undefined} />;
    case "blockquote":
      return (
        <blockquote>
          <Blocks tokens={token.tokens ?? []} depth={depth + 1} />
        </blockquote>
      );
    case "list":
      return <List list={token as Tokens.List} depth={depth} />;
    case "table":
      return <Table table={token as Tokens.Table} />;
    case "hr":
      return <hr />;
    case "text":
      return token.tokens ? <Inline tokens={token.tokens} /> : token.text;
    default:
      return <p>{token.raw.trimEnd()}</p>;
  }
}

function Heading({ heading: { depth, text, tokens } }: { heading: MarkedToken & Tokens.Heading }) {
  const own = use(OwnText);
  const inside = <Inline tokens={tokens} />;
  return own ? (
    <own.Heading depth={depth} text={text}>
      {inside}
    </own.Heading>
  ) : (
    // The page has headings of its own: these only look like some.
    <p className={`text-heading is-level-${Math.min(depth, 4)}`}>{inside}</p>
  );
}

function List({ list: { ordered, start, items }, depth }: { list: Tokens.List; depth: number }) {
  const inside = items.map((item, i) => (
    <li key={i} className={item.task ? "text-task" : undefined}>
      {item.task && (
        <span role="img" aria-label={item.checked ? "done" : "to do"}>
          {item.checked ? "☑ " : "☐ "}
        </span>
      )}
      <Blocks tokens={item.tokens.filter(({ type }) => type !== "checkbox")} depth={depth + 1} />
    </li>
  ));
  return ordered ? <ol start={Number(start) || 1}>{inside}</ol> : <ul>{inside}</ul>;
}

function Table({ table: { header, rows } }: { table: Tokens.Table }) {
  return (
    <div className="text-table">
      <table>
        <thead>
          <tr>
            {header.map((cell, i) => (
              <th key={i}>
                <Inline tokens={cell.tokens} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => (
                <td key={j}>
                  <Inline tokens={cell.tokens} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Inline({ tokens }: { tokens: readonly Token[] }): ReactNode {
  return tokens.map((token, i) => <Span key={i} token={token as MarkedToken} />);
}

function Span({ token }: { token: MarkedToken }): ReactNode {
  switch (token.type) {
    case "strong":
      return (
        <strong>
          <Inline tokens={token.tokens ?? []} />
        </strong>
      );
    case "em":
      return (
        <em>
          <Inline tokens={token.tokens ?? []} />
        </em>
      );
    case "del":
      return (
        <del>
          <Inline tokens={token.tokens ?? []} />
        </del>
      );
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return (
        <WrittenLink href={token.href} raw={token.raw}>
          <Inline tokens={token.tokens ?? []} />
        </WrittenLink>
      );
    case "image":
      return <RemoteImage href={token.href} text={token.text} />;
    case "escape":
      return token.text;
    case "text":
      // The lexer has replaced character references in `text`, which could hide what `visible` has made
      // visible: `raw` is used.
      return token.tokens ? <Inline tokens={token.tokens} /> : token.raw;
    default:
      return token.raw;
  }
}

type LinkProps = { href: string; raw: string; children: ReactNode };

function WrittenLink({ href, raw, children }: LinkProps) {
  const own = use(OwnText);
  if (own) return <own.Link href={href}>{children}</own.Link>;
  return (
    <SafeLink href={href} raw={raw}>
      {children}
    </SafeLink>
  );
}

const safeSchemes = ["http:", "https:", "mailto:"];

/** Opens in a new tab and shows its address. Links with other schemes stay plain text. */
function SafeLink({ href, raw, children }: LinkProps) {
  const url = URL.parse(href);
  if (!url || !safeSchemes.includes(url.protocol)) return raw;
  return (
    <a
      className="link"
      href={url.href}
      title={url.host || url.href}
      target="_blank"
      rel="noopener noreferrer"
    >
      {children}
    </a>
  );
}

/** Images are not loaded: the request would tell their host who reads this, and when. */
function RemoteImage({ href, text }: { href: string; text: string }) {
  const url = URL.parse(href);
  const isRemote = url !== null && /^https?:$/.test(url.protocol);
  return (
    <span className="badge is-outlined">
      {isRemote ? (
        <>
          Image from <b>{url.host}</b>, not loaded{" "}
          <a className="link" href={url.href} target="_blank" rel="noopener noreferrer">
            open
          </a>
        </>
      ) : (
        `Image: ${visible(text) || "in the message"}`
      )}
    </span>
  );
}
