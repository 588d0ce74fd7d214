/** Prices of the user's own, newer list prices, and what was stored reckoned by them. For operators. */
import { Type } from "@sinclair/typebox";
import { AppError } from "../errors.ts";
import { PriceListing } from "../ingest/pricer.ts";
import { RepriceStatus } from "../ingest/reprice.ts";
import { maxPriceBookBytes } from "../limits.ts";
import { PriceRule } from "../pricing/rules.ts";
import { nullable } from "../schemas.ts";
import type { Intake } from "../threads/intake.ts";
import { bufferFull, declaredBytes, readBody, tooLarge } from "./body.ts";
import { decodedSegment } from "./params.ts";
import { closed, route } from "./route.ts";
import { windowFields, windowOf } from "./window.ts";

const optional = Type.Optional;
const { provider, model, prices } = PriceRule.properties;

const RuleBody = closed({ provider: optional(provider), model: optional(model), prices });
const RepriceBody = closed({
  ...windowFields,
  provider: optional(provider),
  model: optional(model),
  dryRun: optional(Type.Boolean({ description: "Only counts what would change" })),
});

export function priceRoutes({ intake: { admission, keyring, writer } }: { intake: Intake }) {
  return [
    route({
      method: "GET",
      path: "/api/prices",
      summary: "Prices of your own, and where the list prices are from",
      answer: PriceListing,
      handle: () => writer.call("listPrices", []),
    }),
    route({
      method: "POST",
      path: "/api/prices",
      summary: "Sets a price, in the place of the one for the same patterns",
      body: RuleBody,
      status: 201,
      answer: Type.Object({ rule: PriceRule }),
      async handle({ body: { provider = "*", model = "*", prices } }) {
        return { rule: await writer.call("setPrice", [provider, model, prices]) };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/prices/:rule",
      summary: "Removes a price of your own",
      answer: Type.Object({ removed: Type.Integer() }),
      async handle({ request }) {
        const id = decodedSegment(request);
        // Of the store's own ids exactly as they are shown: "1e0" and " 1" name no rule.
        const canExist = id.startsWith("config:") || /^[1-9]\d{0,14}$/.test(id);
        if (!canExist || !(await writer.call("removePrice", [id]))) {
          throw new AppError("not_found", "no such rule", {
            hint: "`tealight prices list` shows the ids",
          });
        }
        return { removed: 1 };
      },
    }),
    route({
      method: "PUT",
      path: "/api/prices/book",
      summary: "Brings list prices newer than the bundled ones: data.json of genai-prices",
      rawBody: { contentTypes: ["application/json"], schema: Type.Array(Type.Object({})) },
      answer: PriceListing,
      async handle({ request }) {
        const declared = declaredBytes(request) ?? 0;
        if (declared > maxPriceBookBytes) throw tooLarge(maxPriceBookBytes);
        // Counted with the bodies of senders, so that both together stay within the memory for them.
        const ticket = admission.enter(declared);
        if (!ticket) throw bufferFull();
        try {
          const json = textOf(await readBody(request, ticket, maxPriceBookBytes));
          return await writer.call("updatePrices", [json]);
        } finally {
          ticket.leave();
        }
      },
    }),
    route({
      method: "DELETE",
      path: "/api/prices/book",
      summary: "Back to the bundled list prices",
      answer: PriceListing,
      handle: () => writer.call("updatePrices", [null]),
    }),
    route({
      method: "GET",
      path: "/api/reprice",
      summary:
        "How far the repricing is that was begun last, and what it changed; null before the first",
      answer: nullable(RepriceStatus),
      handle: () => writer.call("repriceStatus", []),
    }),
    route({
      method: "POST",
      path: "/api/reprice",
      summary: "Begins to apply the prices to what is stored, and answers at once",
      body: RepriceBody,
      status: 202,
      answer: RepriceStatus,
      handle({ body: { project, since, until, provider, model, dryRun } }) {
        const filter = { ...windowOf({ project, since, until }, keyring), provider, model };
        return writer.call("startReprice", [filter, dryRun ?? false]);
      },
    }),
  ];
}

function textOf(body: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new AppError("bad_request", "invalid JSON body", { hint: "it is not UTF-8" });
  }
}
