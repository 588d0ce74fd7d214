import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.concurrent.TimeUnit;

/**
 * An agent's run by the GenAI conventions: two model calls and a tool, the second call's messages in a
 * log record, exported to OTEL_EXPORTER_OTLP_ENDPOINT by OTEL_EXPORTER_OTLP_PROTOCOL.
 */
public final class Clients {
  private static final String ASKED =
      "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\","
          + "\"content\":\"What is the weather in Oslo?\"}]}]";
  private static final String SYSTEM =
      "[{\"type\":\"text\",\"content\":\"You are a weather assistant.\"}]";
  private static final String CALL =
      "{\"type\":\"tool_call\",\"id\":\"call-1\",\"name\":\"get_weather\","
          + "\"arguments\":{\"city\":\"Oslo\"}}";
  private static final String CALLED =
      "[{\"role\":\"assistant\",\"parts\":[" + CALL + "],\"finish_reason\":\"tool_call\"}]";
  private static final String HISTORY =
      ASKED.substring(0, ASKED.length() - 1)
          + ",{\"role\":\"assistant\",\"parts\":["
          + CALL
          + "]},{\"role\":\"tool\",\"parts\":[{\"type\":\"tool_call_response\",\"id\":\"call-1\","
          + "\"response\":\"cloudless, 21 degrees\"}]}]";
  private static final String ANSWERED =
      "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\","
          + "\"content\":\"It is 21 degrees in Oslo.\"}],\"finish_reason\":\"stop\"}]";

  private static final String ENDPOINT = System.getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
  private static final boolean IS_GRPC =
      "grpc".equals(System.getenv("OTEL_EXPORTER_OTLP_PROTOCOL"));

  private static SpanExporter spanExporter() {
    return IS_GRPC
        ? OtlpGrpcSpanExporter.builder().setEndpoint(ENDPOINT).setCompression("gzip").build()
        : OtlpHttpSpanExporter.builder().setEndpoint(ENDPOINT + "/v1/traces").build();
  }

  private static LogRecordExporter logExporter() {
    return IS_GRPC
        ? OtlpGrpcLogRecordExporter.builder().setEndpoint(ENDPOINT).build()
        : OtlpHttpLogRecordExporter.builder().setEndpoint(ENDPOINT + "/v1/logs").build();
  }

  private static AttributesBuilder modelCall(String id, long input, long output) {
    return Attributes.builder()
        .put("gen_ai.operation.name", "chat")
        .put("gen_ai.provider.name", "openai")
        .put("gen_ai.request.model", "gpt-4.1-mini")
        .put("gen_ai.response.model", "gpt-4.1-mini-2025-04-14")
        .put("gen_ai.response.id", id)
        .put("gen_ai.conversation.id", "session-1")
        .put("gen_ai.usage.input_tokens", input)
        .put("gen_ai.usage.cache_read.input_tokens", 1024)
        .put("gen_ai.usage.output_tokens", output)
        .put("gen_ai.usage.reasoning.output_tokens", 32);
  }

  public static void main(String[] args) throws InterruptedException {
    SdkTracerProvider tracers =
        SdkTracerProvider.builder()
            .addSpanProcessor(BatchSpanProcessor.builder(spanExporter()).build())
            .build();
    SdkLoggerProvider loggers =
        SdkLoggerProvider.builder()
            .addLogRecordProcessor(BatchLogRecordProcessor.builder(logExporter()).build())
            .build();
    Tracer tracer = tracers.get("clients");

    Span agent =
        tracer
            .spanBuilder("invoke_agent forecaster")
            .setAttribute("gen_ai.operation.name", "invoke_agent")
            .setAttribute("gen_ai.agent.name", "forecaster")
            .setAttribute("gen_ai.conversation.id", "session-1")
            .startSpan();
    Context within = Context.root().with(agent);

    Span first =
        tracer
            .spanBuilder("chat gpt-4.1-mini")
            .setSpanKind(SpanKind.CLIENT)
            .setParent(within)
            .setAllAttributes(
                modelCall("answer-1", 1200, 80)
                    .put("gen_ai.system_instructions", SYSTEM)
                    .put("gen_ai.input.messages", ASKED)
                    .put("gen_ai.output.messages", CALLED)
                    .build())
            .startSpan();
    Thread.sleep(5);
    first.end();

    Span tool =
        tracer
            .spanBuilder("execute_tool get_weather")
            .setParent(within)
            .setAttribute("gen_ai.operation.name", "execute_tool")
            .setAttribute("gen_ai.tool.name", "get_weather")
            .setAttribute("gen_ai.tool.call.id", "call-1")
            .setAttribute("gen_ai.tool.call.arguments", "{\"city\":\"Oslo\"}")
            .setAttribute("gen_ai.tool.call.result", "cloudless, 21 degrees")
            .startSpan();
    Thread.sleep(5);
    tool.end();

    Span second =
        tracer
            .spanBuilder("chat gpt-4.1-mini")
            .setSpanKind(SpanKind.CLIENT)
            .setParent(within)
            .setAllAttributes(modelCall("answer-2", 1300, 81).build())
            .startSpan();
    loggers
        .get("clients")
        .logRecordBuilder()
        .setContext(within.with(second))
        .setEventName("gen_ai.client.inference.operation.details")
        .setAttribute(AttributeKey.stringKey("gen_ai.system_instructions"), SYSTEM)
        .setAttribute(AttributeKey.stringKey("gen_ai.input.messages"), HISTORY)
        .setAttribute(AttributeKey.stringKey("gen_ai.output.messages"), ANSWERED)
        .emit();
    Thread.sleep(5);
    second.end();
    agent.end();

    tracers.shutdown().join(20, TimeUnit.SECONDS);
    loggers.shutdown().join(20, TimeUnit.SECONDS);
  }
}
