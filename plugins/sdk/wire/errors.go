package wire

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/acquit-app/acquit/core/gateway"
	pb "github.com/acquit-app/acquit/plugins/gatewaypb/v1"
)

// Codes of errors that the wire itself makes.
const (
	// Died means that the gateway's program went away during the call.
	Died = "gateway_died"
	// TimedOut means that no answer came before the deadline.
	TimedOut = "timeout"
	// Panicked means that the gateway's code panicked; its program goes on.
	Panicked = "panic"
)

// statusCodes gives each kind a gRPC status for tools that look at nothing else. Unavailable, DeadlineExceeded and
// Canceled are left to the transport, so that a status without a Failure can be told apart.
var statusCodes = map[gateway.ErrorKind]codes.Code{
	gateway.ErrConfig:      codes.FailedPrecondition,
	gateway.ErrPermanent:   codes.InvalidArgument,
	gateway.ErrRetryable:   codes.Aborted,
	gateway.ErrNotFound:    codes.NotFound,
	gateway.ErrUnsupported: codes.Unimplemented,
	gateway.ErrUntrusted:   codes.Unauthenticated,
	gateway.ErrBug:         codes.Internal,
}

// errorTo makes the status that carries e.
func errorTo(e *gateway.Error) error {
	code, ok := statusCodes[e.Kind]
	if !ok {
		code = codes.Internal
	}
	s, err := status.New(code, valid(e.Error())).WithDetails(failureTo(e))
	if err != nil {
		return status.Error(codes.Internal, valid(e.Error()))
	}
	return s.Err()
}

// errorFrom brings what a call made with ctx returned to the port's own error. A status without a Failure is the
// transport's: unless it proves the contrary, the outcome is unknown.
func errorFrom(ctx context.Context, err error) *gateway.Error {
	var e *gateway.Error
	if errors.As(err, &e) {
		return e
	}
	s, ok := status.FromError(err)
	if !ok {
		return gateway.AsError(err)
	}
	for _, d := range s.Details() {
		if f, ok := d.(*pb.Failure); ok {
			return checkFailure(failureFrom(f))
		}
	}
	died := s.Code() == codes.Unavailable || s.Code() == codes.Canceled && ctx.Err() == nil // the connection was closed
	if died {
		return gateway.Fail(gateway.ErrRetryable, gateway.Unknown, Died, "the gateway's program went away during the call")
	}
	switch s.Code() {
	case codes.DeadlineExceeded, codes.Canceled:
		return gateway.Fail(gateway.ErrRetryable, gateway.Unknown, TimedOut, "no answer in time")
	case codes.Unimplemented:
		return gateway.Fail(gateway.ErrUnsupported, gateway.NotDone, "", "the gateway's program does not know this call")
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return gateway.Fail(gateway.ErrRetryable, gateway.Unknown, TimedOut, "no answer in time")
	}
	return gateway.Fail(gateway.ErrBug, gateway.Unknown, "", clip(s.Code().String()+": "+s.Message()))
}

// checkFailure takes an error of the gateway for the worst where it uses words that do not exist.
func checkFailure(e *gateway.Error) *gateway.Error {
	if _, ok := statusCodes[e.Kind]; !ok {
		e.Kind = gateway.ErrBug
	}
	if e.Outcome != gateway.NotDone {
		e.Outcome = gateway.Unknown
	}
	e.Code, e.Detail, e.Setting = clip(e.Code), clip(e.Detail), clip(e.Setting)
	return e
}

func clip(s string) string {
	if len(s) > gateway.MaxText {
		return valid(s[:gateway.MaxText]) + "…"
	}
	return s
}
