/**
 * The API's document as a page: made on the server from the same object as the JSON, so that it needs no
 * script, no file and no network. All texts pass through `html`, which escapes them.
 */
import { Type } from "@sinclair/typebox";
import { securityHeaders } from "./answer.ts";
import type { OpenApi, Operation } from "./openapi.ts";
import { documentPath } from "./paths.ts";
import { route, type Route } from "./route.ts";

/** What of JSON Schema the document uses. */
interface Schema {
  type?: string;
  const?: unknown;
  anyOf?: Schema[];
  allOf?: Schema[];
  items?: Schema | false;
  prefixItems?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  patternProperties?: Record<string, Schema>;
  description?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  $ref?: string;
}

class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Escapes whatever is filled in that is not made by itself. */
function html(parts: TemplateStringsArray, ...values: (string | Html | Html[])[]): Html {
  const texts = values.map((value) => {
    if (typeof value === "string") return Bun.escapeHTML(value);
    return Array.isArray(value) ? value.map(({ text }) => text).join("") : value.text;
  });
  return new Html(String.raw({ raw: parts }, ...texts));
}

const nothing = new Html("");

const style = `
:root{color-scheme:dark light;--bg:light-dark(#fbfaf9,#131211);--pane:light-dark(#f3f1ef,#191817);
--line:light-dark(#e2dfdb,#2b2927);--fg:light-dark(#1f1d1b,#efedea);--dim:light-dark(#66615b,#a39d96);
--accent:light-dark(#8a5300,#f0b35e);--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,monospace}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:14px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;
display:grid;grid-template-columns:300px minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:20px 16px;background:var(--pane);
border-right:1px solid var(--line)}
nav h2{font-size:11px;letter-spacing:.04em;color:var(--dim);margin:18px 0 4px}
nav a{display:block;padding:2px 0;font:12px/1.6 var(--mono);text-decoration:none;color:var(--fg);
overflow-wrap:anywhere}
a{color:var(--accent)}nav a:hover{color:var(--accent)}
a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
main{max-width:900px;padding:28px 40px 80px}
h1{font-size:20px;margin:0 0 4px}h1+p{margin-top:0}
section{padding:22px 0;border-top:1px solid var(--line)}
h3{font:600 15px/1.4 var(--mono);margin:0 0 4px;overflow-wrap:anywhere}
.method{color:var(--accent)}.dim{color:var(--dim)}
code,pre{font:12px/1.55 var(--mono)}
pre{background:var(--pane);border:1px solid var(--line);border-radius:6px;padding:8px 12px;white-space:pre-wrap;overflow-wrap:anywhere}
summary{cursor:pointer;margin:8px 0;font-weight:600}
dl{margin:4px 0 8px}dt{font:12px/1.6 var(--mono)}dd{margin:0 0 2px 20px}
dl dl{border-left:1px solid var(--line);padding-left:12px;margin:0 0 4px 4px}
@media(max-width:800px){body{display:block}nav{position:static;height:auto;border:0}main{padding:20px 16px}}
`;

const styleHash = new Bun.CryptoHasher("sha256").update(style).digest("base64");

const headers = {
  ...securityHeaders,
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
};

/** `GET /api/docs`; like the document itself it holds no data. */
export function docsRoute(document: () => OpenApi): Route {
  let page: string | null = null;
  return route({
    method: "GET",
    path: documentPath.page,
    summary: "This document as a page",
    access: "public",
    contentType: "text/html",
    answer: Type.String(),
    handle: () => new Response((page ??= pageOf(document())), { headers }),
  });
}

function pageOf(document: OpenApi): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const rooms = [...Map.groupBy(operations, ({ operation }) => operation.tags[0]!)];
  const { title, version } = document.info;
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>${title} API</title>
      ${new Html(`<style>${style}</style>`)}
      <nav aria-label="Routes">
        ${rooms.map(
          ([room, of]) =>
            html`<h2>${room}</h2>
              ${of.map(
                ({ path, method, operation }) =>
                  html`<a href="#${operation.operationId}">${method.toUpperCase()} ${path}</a>`,
              )}`,
        )}
      </nav>
      <main>
        <h1>${title} API ${version}</h1>
        <p class="dim">The same as <a href="openapi.json">OpenAPI 3.1</a>.</p>
        ${rooms.flatMap(([, of]) => of.map(sectionOf))}
      </main>
    </html>`.text;
}

type Named = { path: string; method: string; operation: Operation };

function sectionOf({ path, method, operation }: Named): Html {
  const { operationId, summary, parameters = [], requestBody, responses, security } = operation;
  const errors = Object.entries(responses).filter(([status]) => Number(status) >= 400);
  return html`<section id="${operationId}">
    <h3><span class="method">${method.toUpperCase()}</span> ${path}</h3>
    <div>${summary}. <span class="dim">${accessOf(security)}</span></div>
    ${
      parameters.length === 0
        ? nothing
        : html`<dl>
            ${parameters.map(({ name, in: place, required, description = "", schema }) => {
              const must = required && place === "query" ? ", required" : "";
              return html`<dt>
                  ${name} <span class="dim">${place}, ${typeOf(schema as Schema)}${must}</span>
                </dt>
                <dd>${description}</dd>`;
            })}
          </dl>`
    }
    ${requestBody ? mediaOf("Body", requestBody.content) : nothing}
    ${Object.entries(responses)
      .filter(([status]) => Number(status) < 400)
      .map(([status, { content }]) => mediaOf(`Answer ${status}`, content))}
    <details>
      <summary>Errors</summary>
      <dl>
        ${errors.map(
          ([status, { description }]) =>
            html`<dt>${status}</dt>
              <dd>${description}</dd>`,
        )}
      </dl>
    </details>
    <pre>${curlOf(path, method, operation)}</pre>
  </section> `;
}

function mediaOf(title: string, content: Record<string, { schema: unknown }>): Html {
  const [{ schema }] = Object.values(content) as [{ schema: Schema }];
  return html`<details>
    <summary>${title} <span class="dim">${Object.keys(content).join(", ")}</span></summary>
    <div class="dim">${schema.description ?? ""}</div>
    <code>${typeOf(schema)}</code> ${fieldsOf(schema)}
  </details>`;
}

/** The fields of an object, or of what a list or a choice is of. */
function fieldsOf(schema: Schema): Html {
  const fields = Object.entries(schema.properties ?? {});
  const inner = [
    ...(schema.anyOf ?? []),
    ...(schema.allOf ?? []),
    ...(schema.items ? [schema.items] : []),
    ...(schema.prefixItems ?? []),
    ...Object.values(schema.patternProperties ?? {}),
  ];
  if (fields.length === 0) return html`${inner.map(fieldsOf)}`;
  return html`<dl>
    ${fields.map(([name, field]) => {
      const may = schema.required?.includes(name) ? "" : ", may be absent";
      return html`<dt>${name} <span class="dim">${typeOf(field)}${may}</span></dt>
        <dd>${field.description ?? ""} ${fieldsOf(field)}</dd>`;
    })}
  </dl>`;
}

function typeOf(schema: Schema): string {
  if (schema.$ref) return schema.$ref.split("/").at(-1)!;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(" | ");
  if (schema.allOf) return schema.allOf.map(typeOf).join(" & ");
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeOf).join(", ")}]`;
  const least = schema.minimum === undefined ? "" : ` from ${schema.minimum}`;
  const most = schema.maximum === undefined ? "" : ` to ${schema.maximum}`;
  return `${schema.type ?? "anything"}${least}${most}`;
}

function accessOf(security: readonly object[]): string {
  const names = security.flatMap(Object.keys);
  if (names.length === 0) return "Needs no token.";
  return names.includes("operatorToken") ? "Needs the operator token." : "Needs an ingest key.";
}

function curlOf(path: string, method: string, { security, requestBody }: Operation): string {
  const secrets = security.flatMap(Object.keys);
  const secret = secrets.includes("operatorToken") ? "$TEALIGHT_TOKEN" : "$FOGLAMP_API_KEY";
  return [
    `curl${method === "get" ? "" : ` -X ${method.toUpperCase()}`}`,
    ...(secrets.length > 0 ? [`-H "Authorization: Bearer ${secret}"`] : []),
    ...(requestBody ? ["-H 'Content-Type: application/json' -d @body.json"] : []),
    `http://localhost:4000${path}`,
  ].join(" ");
}
