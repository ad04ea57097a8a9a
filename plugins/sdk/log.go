package sdk

import (
	"os"
	"sync"

	"github.com/rs/zerolog"

	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// veil knows the secrets that calls brought; errors and log lines go through it.
var veil wire.Veil

var logger = sync.OnceValue(func() zerolog.Logger {
	// The host reads the lines of a gateway's standard error as JSON with these keys; others would arrive as bare text.
	zerolog.LevelFieldName = "@level"
	zerolog.MessageFieldName = "@message"
	zerolog.TimestampFieldName = "@timestamp"
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000000Z07:00"
	// go-plugin replaces os.Stderr when it begins to serve, and what is written to the new one is lost: the logger keeps
	// the original.
	return zerolog.New(veil.Writer(os.Stderr)).With().Timestamp().Logger()
})

// Logger writes to the host's log, with level and fields. The values of secret settings are hidden in it.
func Logger() zerolog.Logger { return logger() }
