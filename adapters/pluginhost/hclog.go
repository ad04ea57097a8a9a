package pluginhost

import (
	"io"
	"log"

	"github.com/hashicorp/go-hclog"
	"github.com/rs/zerolog"
)

// newHCLog brings what the plugin library says, and the lines of the gateways that it reads, into the host's log. The
// library tells of every start and end at levels that would drown the rest: its lines come one level lower.
func newHCLog(to zerolog.Logger) hclog.Logger { return &bridge{to: to} }

// bridge implements hclog.Logger on zerolog.
type bridge struct {
	to      zerolog.Logger
	name    string
	implied []any
}

// levels of gateways' lines, which the library passes on through a named logger, and of its own.
var (
	theirs = map[hclog.Level]zerolog.Level{
		hclog.Trace: zerolog.TraceLevel, hclog.Debug: zerolog.DebugLevel, hclog.Info: zerolog.InfoLevel, hclog.Warn: zerolog.WarnLevel, hclog.Error: zerolog.ErrorLevel,
	}
	ours = map[hclog.Level]zerolog.Level{
		hclog.Trace: zerolog.TraceLevel, hclog.Debug: zerolog.TraceLevel, hclog.Info: zerolog.DebugLevel, hclog.Warn: zerolog.DebugLevel, hclog.Error: zerolog.DebugLevel,
	}
)

func (b *bridge) level(l hclog.Level) zerolog.Level {
	table := ours
	if b.name != "" {
		table = theirs
	}
	if z, ok := table[l]; ok {
		return z
	}
	return zerolog.NoLevel
}

// Log implements hclog.Logger.
func (b *bridge) Log(l hclog.Level, msg string, args ...any) {
	if !b.is(l) {
		return
	}
	e := b.to.WithLevel(b.level(l))
	all := append(append([]any(nil), b.implied...), args...)
	for i := 0; i+1 < len(all); i += 2 {
		key, ok := all[i].(string)
		if !ok || key == "timestamp" {
			continue
		}
		if err, ok := all[i+1].(error); ok {
			e = e.AnErr(key, err)
		} else {
			e = e.Interface(key, all[i+1])
		}
	}
	e.Msg(msg)
}

// Trace implements hclog.Logger.
func (b *bridge) Trace(msg string, args ...any) { b.Log(hclog.Trace, msg, args...) }

// Debug implements hclog.Logger.
func (b *bridge) Debug(msg string, args ...any) { b.Log(hclog.Debug, msg, args...) }

// Info implements hclog.Logger.
func (b *bridge) Info(msg string, args ...any) { b.Log(hclog.Info, msg, args...) }

// Warn implements hclog.Logger.
func (b *bridge) Warn(msg string, args ...any) { b.Log(hclog.Warn, msg, args...) }

// Error implements hclog.Logger.
func (b *bridge) Error(msg string, args ...any) { b.Log(hclog.Error, msg, args...) }

func (b *bridge) is(l hclog.Level) bool {
	return b.level(l) >= b.to.GetLevel() && b.level(l) >= zerolog.GlobalLevel()
}

// IsTrace implements hclog.Logger.
func (b *bridge) IsTrace() bool { return b.is(hclog.Trace) }

// IsDebug implements hclog.Logger.
func (b *bridge) IsDebug() bool { return b.is(hclog.Debug) }

// IsInfo implements hclog.Logger.
func (b *bridge) IsInfo() bool { return b.is(hclog.Info) }

// IsWarn implements hclog.Logger.
func (b *bridge) IsWarn() bool { return b.is(hclog.Warn) }

// IsError implements hclog.Logger.
func (b *bridge) IsError() bool { return b.is(hclog.Error) }

// ImpliedArgs implements hclog.Logger.
func (b *bridge) ImpliedArgs() []any { return b.implied }

// With implements hclog.Logger.
func (b *bridge) With(args ...any) hclog.Logger {
	c := *b
	c.implied = append(append([]any(nil), b.implied...), args...)
	return &c
}

// Name implements hclog.Logger.
func (b *bridge) Name() string { return b.name }

// Named implements hclog.Logger.
func (b *bridge) Named(name string) hclog.Logger {
	c := *b
	if c.name != "" {
		name = c.name + "." + name
	}
	c.name = name
	return &c
}

// ResetNamed implements hclog.Logger.
func (b *bridge) ResetNamed(name string) hclog.Logger {
	c := *b
	c.name = name
	return &c
}

// SetLevel implements hclog.Logger: the level is the host's.
func (b *bridge) SetLevel(hclog.Level) {}

// GetLevel implements hclog.Logger. Everything is asked for; the host's log decides.
func (b *bridge) GetLevel() hclog.Level { return hclog.Trace }

// StandardLogger implements hclog.Logger.
func (b *bridge) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return log.New(b.StandardWriter(nil), "", 0)
}

// StandardWriter implements hclog.Logger.
func (b *bridge) StandardWriter(*hclog.StandardLoggerOptions) io.Writer { return lines{b} }

type lines struct{ to *bridge }

func (w lines) Write(p []byte) (int, error) {
	w.to.Debug(string(p))
	return len(p), nil
}
