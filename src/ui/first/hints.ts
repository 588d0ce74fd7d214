/** Hints for fixing a refused request, by error code. */
const hints: Record<string, string> = {
  invalid_json: "The body is not valid JSON: check what the client sends.",
  invalid_payload: "A field does not match the schema.",
  missing_api_key: "Send the key: Authorization: Bearer …",
  invalid_api_key: "The key is unknown or revoked: copy it again.",
  payload_too_large: "Send smaller batches, or raise --max-body-bytes.",
  rate_limited: "Raise or remove --rate-limit.",
  buffer_full: "Too many requests at once: the client can retry.",
  storage_unavailable: "The disk is full, or the data directory was removed: see the server’s log.",
  invalid_otlp: "The body is not OTLP: check the exporter’s protocol.",
  not_found: "OTLP goes to /v1/traces, /v1/logs and /v1/metrics; ingest v1 to /ingest.",
  method_not_allowed: "Spans are sent with POST.",
  unsupported_media_type: "Send application/json or application/x-protobuf.",
  body_timeout: "The body did not arrive completely in time.",
  forbidden_host: "Use localhost, or start with --allow-host.",
  forbidden_origin: "Start with --allow-origin for pages that send spans.",
};

export function hintFor(code: string): string {
  return hints[code] ?? "";
}
