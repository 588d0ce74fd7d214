//! An agent's run by the GenAI conventions: two model calls and a tool, the second call's messages in a
//! log record, exported by OTEL_EXPORTER_OTLP_PROTOCOL. OpenTelemetry reads the endpoint itself.

use std::time::Duration;

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider};
use opentelemetry::trace::{Span, SpanKind, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{LogExporter, SpanExporter};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const ASKED: &str =
    r#"[{"role":"user","parts":[{"type":"text","content":"What is the weather in Oslo?"}]}]"#;
const SYSTEM: &str = r#"[{"type":"text","content":"You are a weather assistant."}]"#;
const CALLED: &str = r#"[{"role":"assistant","parts":[{"type":"tool_call","id":"call-1","name":"get_weather","arguments":{"city":"Oslo"}}],"finish_reason":"tool_call"}]"#;
const HISTORY: &str = r#"[{"role":"user","parts":[{"type":"text","content":"What is the weather in Oslo?"}]},{"role":"assistant","parts":[{"type":"tool_call","id":"call-1","name":"get_weather","arguments":{"city":"Oslo"}}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"call-1","response":"cloudless, 21 degrees"}]}]"#;
const ANSWERED: &str = r#"[{"role":"assistant","parts":[{"type":"text","content":"It is 21 degrees in Oslo."}],"finish_reason":"stop"}]"#;

fn is_grpc() -> bool {
    std::env::var("OTEL_EXPORTER_OTLP_PROTOCOL").as_deref() == Ok("grpc")
}

fn exporters() -> Result<(SpanExporter, LogExporter), Failure> {
    if is_grpc() {
        let spans = SpanExporter::builder().with_tonic().build()?;
        return Ok((spans, LogExporter::builder().with_tonic().build()?));
    }
    let spans = SpanExporter::builder().with_http().build()?;
    Ok((spans, LogExporter::builder().with_http().build()?))
}

fn model_call(id: &'static str, input: i64, output: i64) -> Vec<KeyValue> {
    vec![
        KeyValue::new("gen_ai.operation.name", "chat"),
        KeyValue::new("gen_ai.provider.name", "openai"),
        KeyValue::new("gen_ai.request.model", "gpt-4.1-mini"),
        KeyValue::new("gen_ai.response.model", "gpt-4.1-mini-2025-04-14"),
        KeyValue::new("gen_ai.response.id", id),
        KeyValue::new("gen_ai.conversation.id", "session-1"),
        KeyValue::new("gen_ai.usage.input_tokens", input),
        KeyValue::new("gen_ai.usage.cache_read.input_tokens", 1024_i64),
        KeyValue::new("gen_ai.usage.output_tokens", output),
        KeyValue::new("gen_ai.usage.reasoning.output_tokens", 32_i64),
    ]
}

fn pause() {
    std::thread::sleep(Duration::from_millis(5));
}

fn main() -> Result<(), Failure> {
    // The gRPC client needs a runtime, the blocking HTTP client must not be within one.
    let runtime = tokio::runtime::Runtime::new()?;
    let _guard = is_grpc().then(|| runtime.enter());
    let (span_exporter, log_exporter) = exporters()?;
    let tracers = SdkTracerProvider::builder().with_batch_exporter(span_exporter).build();
    let loggers = SdkLoggerProvider::builder().with_batch_exporter(log_exporter).build();
    let tracer = tracers.tracer("clients");
    let start = |name: &'static str, attributes: Vec<KeyValue>, kind: SpanKind, within: &Context| {
        tracer
            .span_builder(name)
            .with_kind(kind)
            .with_attributes(attributes)
            .start_with_context(&tracer, within)
    };

    let agent = start(
        "invoke_agent forecaster",
        vec![
            KeyValue::new("gen_ai.operation.name", "invoke_agent"),
            KeyValue::new("gen_ai.agent.name", "forecaster"),
            KeyValue::new("gen_ai.conversation.id", "session-1"),
        ],
        SpanKind::Internal,
        &Context::new(),
    );
    let within = Context::new().with_span(agent);

    let mut attributes = model_call("answer-1", 1200, 80);
    attributes.push(KeyValue::new("gen_ai.system_instructions", SYSTEM));
    attributes.push(KeyValue::new("gen_ai.input.messages", ASKED));
    attributes.push(KeyValue::new("gen_ai.output.messages", CALLED));
    let mut first = start("chat gpt-4.1-mini", attributes, SpanKind::Client, &within);
    pause();
    first.end();

    let tool = vec![
        KeyValue::new("gen_ai.operation.name", "execute_tool"),
        KeyValue::new("gen_ai.tool.name", "get_weather"),
        KeyValue::new("gen_ai.tool.call.id", "call-1"),
        KeyValue::new("gen_ai.tool.call.arguments", r#"{"city":"Oslo"}"#),
        KeyValue::new("gen_ai.tool.call.result", "cloudless, 21 degrees"),
    ];
    let mut tool = start("execute_tool get_weather", tool, SpanKind::Internal, &within);
    pause();
    tool.end();

    let attributes = model_call("answer-2", 1300, 81);
    let mut second = start("chat gpt-4.1-mini", attributes, SpanKind::Client, &within);
    let at = second.span_context().clone();
    let logger = loggers.logger("clients");
    let mut record = logger.create_log_record();
    record.set_event_name("gen_ai.client.inference.operation.details");
    record.set_trace_context(at.trace_id(), at.span_id(), Some(at.trace_flags()));
    record.add_attribute("gen_ai.system_instructions", AnyValue::from(SYSTEM));
    record.add_attribute("gen_ai.input.messages", AnyValue::from(HISTORY));
    record.add_attribute("gen_ai.output.messages", AnyValue::from(ANSWERED));
    logger.emit(record);
    pause();
    second.end();
    within.span().end();

    tracers.shutdown()?;
    loggers.shutdown()?;
    Ok(())
}
