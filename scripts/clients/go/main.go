// An agent's run by the GenAI conventions: two model calls and a tool, the second call's messages in a
// log record, exported by OTEL_EXPORTER_OTLP_PROTOCOL. OpenTelemetry reads the endpoint itself.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otellog "go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	asked    = `[{"role":"user","parts":[{"type":"text","content":"What is the weather in Oslo?"}]}]`
	system   = `[{"type":"text","content":"You are a weather assistant."}]`
	called   = `[{"role":"assistant","parts":[{"type":"tool_call","id":"call-1","name":"get_weather","arguments":{"city":"Oslo"}}],"finish_reason":"tool_call"}]`
	history  = `[{"role":"user","parts":[{"type":"text","content":"What is the weather in Oslo?"}]},{"role":"assistant","parts":[{"type":"tool_call","id":"call-1","name":"get_weather","arguments":{"city":"Oslo"}}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"call-1","response":"cloudless, 21 degrees"}]}]`
	answered = `[{"role":"assistant","parts":[{"type":"text","content":"It is 21 degrees in Oslo."}],"finish_reason":"stop"}]`
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func newExporters(ctx context.Context) (*otlptrace.Exporter, sdklog.Exporter) {
	if os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc" {
		spans, err := otlptracegrpc.New(ctx, otlptracegrpc.WithInsecure())
		check(err)
		logs, err := otlploggrpc.New(ctx, otlploggrpc.WithInsecure())
		check(err)
		return spans, logs
	}
	spans, err := otlptracehttp.New(ctx, otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	check(err)
	logs, err := otlploghttp.New(ctx)
	check(err)
	return spans, logs
}

func modelCall(id string, input, output int) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("gen_ai.operation.name", "chat"),
		attribute.String("gen_ai.provider.name", "openai"),
		attribute.String("gen_ai.request.model", "gpt-4.1-mini"),
		attribute.String("gen_ai.response.model", "gpt-4.1-mini-2025-04-14"),
		attribute.String("gen_ai.response.id", id),
		attribute.String("gen_ai.conversation.id", "session-1"),
		attribute.Int("gen_ai.usage.input_tokens", input),
		attribute.Int("gen_ai.usage.cache_read.input_tokens", 1024),
		attribute.Int("gen_ai.usage.output_tokens", output),
		attribute.Int("gen_ai.usage.reasoning.output_tokens", 32),
	}
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	spanExporter, logExporter := newExporters(ctx)
	tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(spanExporter))
	loggers := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(logExporter)))
	tracer := tracers.Tracer("clients")
	client := trace.WithSpanKind(trace.SpanKindClient)

	agentCtx, agent := tracer.Start(ctx, "invoke_agent forecaster", trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "invoke_agent"),
		attribute.String("gen_ai.agent.name", "forecaster"),
		attribute.String("gen_ai.conversation.id", "session-1"),
	))

	_, first := tracer.Start(agentCtx, "chat gpt-4.1-mini", client,
		trace.WithAttributes(modelCall("answer-1", 1200, 80)...))
	first.SetAttributes(
		attribute.String("gen_ai.system_instructions", system),
		attribute.String("gen_ai.input.messages", asked),
		attribute.String("gen_ai.output.messages", called),
	)
	time.Sleep(5 * time.Millisecond)
	first.End()

	_, tool := tracer.Start(agentCtx, "execute_tool get_weather", trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "execute_tool"),
		attribute.String("gen_ai.tool.name", "get_weather"),
		attribute.String("gen_ai.tool.call.id", "call-1"),
		attribute.String("gen_ai.tool.call.arguments", `{"city":"Oslo"}`),
		attribute.String("gen_ai.tool.call.result", "cloudless, 21 degrees"),
	))
	time.Sleep(5 * time.Millisecond)
	tool.End()

	secondCtx, second := tracer.Start(agentCtx, "chat gpt-4.1-mini", client,
		trace.WithAttributes(modelCall("answer-2", 1300, 81)...))
	var record otellog.Record
	record.SetEventName("gen_ai.client.inference.operation.details")
	record.SetTimestamp(time.Now())
	record.AddAttributes(
		attribute.String("gen_ai.system_instructions", system),
		attribute.String("gen_ai.input.messages", history),
		attribute.String("gen_ai.output.messages", answered),
	)
	loggers.Logger("clients").Emit(secondCtx, record)
	time.Sleep(5 * time.Millisecond)
	second.End()
	agent.End()

	check(tracers.Shutdown(ctx))
	check(loggers.Shutdown(ctx))
}
