/** Hints for fixing a refused request, by error code. */
const hints: Record<string, string> = {
  invalid_json: "The body is no JSON: look at what the client sends.",
  invalid_payload: "A field is not as the contract has it.",
  missing_api_key: "Send the key: Authorization: Bearer …",
  invalid_api_key: "Copy the key anew; this one is unknown or revoked.",
  payload_too_large: "Send smaller batches, or raise --max-body-bytes.",
  rate_limited: "Raise or drop --rate-limit.",
  buffer_full: "Too much at once; the client may try again.",
  storage_unavailable: "The disk is full, or the data directory was removed: see the server’s log.",
  invalid_otlp: "The body is not OTLP: check the exporter’s protocol.",
  not_found: "OTLP goes to /v1/traces, /v1/logs and /v1/metrics; ingest v1 to /ingest.",
  method_not_allowed: "Spans are sent with POST.",
  unsupported_media_type: "Send application/json or application/x-protobuf.",
  body_timeout: "The body did not come to its end.",
  forbidden_host: "Use localhost, or start with --allow-host.",
  forbidden_origin: "Start with --allow-origin for pages that may send.",
};

export function hintFor(code: string): string {
  return hints[code] ?? "";
}
