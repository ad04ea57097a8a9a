package pluginhost

import (
	"testing"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/acquit-app/acquit/core/gateway"
)

// BenchmarkCall is a call through the whole host: pins looked at, process found, deadline set, reply checked. Its
// measure is BenchmarkBare, the smallest call on the same connection.
func BenchmarkCall(b *testing.B) {
	s := newStage(b, usual, "plain")
	g := s.line(b, "plain", "one")
	if _, err := g.Check(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Check(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBare(b *testing.B) {
	s := newStage(b, usual, "plain")
	if _, err := s.line(b, "plain", "one").Check(b.Context()); err != nil {
		b.Fatal(err)
	}
	p, err := s.host.program("plain")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.now.health.Check(b.Context(), &grpc_health_v1.HealthCheckRequest{Service: plugin.GRPCServiceName}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen is what each webhook and each page pays before its call.
func BenchmarkOpen(b *testing.B) {
	s := newStage(b, usual, "plain")
	c := connection("one")
	var g gateway.Gateway
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if g, err = s.host.Open(b.Context(), "plain", c); err != nil {
			b.Fatal(err)
		}
	}
	_ = g
}

// BenchmarkStart is from nothing to the first answer.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s := newStage(b, usual, "sandbox")
		if _, err := s.line(b, "sandbox", "one").Check(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := s.host.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
