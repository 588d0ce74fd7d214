/** Prices of the user's own, newer list prices, and what was stored reckoned by them. For operators. */
import { Type } from "@sinclair/typebox";
import { AppError } from "../errors.ts";
import type { Intake } from "../ingest/intake.ts";
import { maxPriceBookBytes } from "../limits.ts";
import { PriceRule } from "../pricing/rules.ts";
import { answer } from "./answer.ts";
import { bufferFull, declaredBytes, readBody, readJson, tooLarge } from "./body.ts";
import { decodedSegment, findProject, parseTime } from "./params.ts";

const optional = Type.Optional;
const closed = { additionalProperties: false };
const { provider, model, prices } = PriceRule.properties;

const RuleBody = Type.Object(
  { provider: optional(provider), model: optional(model), prices },
  closed,
);
const RepriceBody = Type.Object(
  {
    project: optional(Type.String()),
    // A number or a text: read as the lists' queries are, whose hint says what a time looks like.
    since: optional(Type.Unknown()),
    until: optional(Type.Unknown()),
    provider: optional(provider),
    model: optional(model),
    dryRun: optional(Type.Boolean()),
  },
  closed,
);

export async function listPrices({ writer }: Intake): Promise<Response> {
  return answer(200, await writer.call("listPrices", []));
}

/** A rule takes the place of the one for the same patterns. */
export async function setPrice(request: Request, { writer }: Intake): Promise<Response> {
  const { provider = "*", model = "*", prices } = await readJson(request, RuleBody);
  return answer(201, { rule: await writer.call("setPrice", [provider, model, prices]) });
}

export async function removePrice(request: Request, { writer }: Intake): Promise<Response> {
  const id = decodedSegment(request);
  // Of the store's own ids exactly as they are shown: "1e0" and " 1" name no rule.
  const canExist = id.startsWith("config:") || /^[1-9]\d{0,14}$/.test(id);
  if (!canExist || !(await writer.call("removePrice", [id]))) {
    throw new AppError("not_found", "no such rule", {
      hint: "`tealight prices list` shows the ids",
    });
  }
  return answer(200, { removed: 1 });
}

/** List prices newer than the bundled ones. */
export async function updateBook(
  request: Request,
  { admission, writer }: Intake,
): Promise<Response> {
  const declared = declaredBytes(request) ?? 0;
  if (declared > maxPriceBookBytes) throw tooLarge(maxPriceBookBytes);
  // Counted with the bodies of senders, so that both together stay within the memory for them.
  const ticket = admission.enter(declared);
  if (!ticket) throw bufferFull();
  try {
    const json = textOf(await readBody(request, ticket, maxPriceBookBytes));
    return answer(200, await writer.call("updatePrices", [json]));
  } finally {
    ticket.leave();
  }
}

/** Back to the bundled list prices. */
export async function dropBook({ writer }: Intake): Promise<Response> {
  return answer(200, await writer.call("updatePrices", [null]));
}

/** Answers at once; how far it is and what it changed says the status. */
export async function startReprice(
  request: Request,
  { writer, keyring }: Intake,
): Promise<Response> {
  const { project, since, until, provider, model, dryRun } = await readJson(request, RepriceBody);
  const filter = {
    projectId: project === undefined ? undefined : findProject(keyring.accounts(), project).id,
    since: timeOf(since, "since"),
    until: timeOf(until, "until"),
    provider,
    model,
  };
  return answer(202, await writer.call("startReprice", [filter, dryRun ?? false]));
}

export async function readReprice({ writer }: Intake): Promise<Response> {
  const status = await writer.call("repriceStatus", []);
  if (!status) {
    throw new AppError("not_found", "nothing was repriced yet", {
      hint: "`tealight reprice` applies the prices to what is stored",
    });
  }
  return answer(200, status);
}

function timeOf(value: unknown, field: string): number | undefined {
  if (value === undefined) return undefined;
  const isTime = typeof value === "number" || typeof value === "string";
  return parseTime(isTime ? String(value) : "", field);
}

function textOf(body: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new AppError("bad_request", "invalid JSON body", { hint: "it is not UTF-8" });
  }
}
