package wire

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/rs/zerolog"

	"github.com/acquit-app/acquit/core/gateway"
	pb "github.com/acquit-app/acquit/plugins/gatewaypb/v1"
)

// Server serves a driver. A panic in the driver becomes an error of kind bug, and no secret setting's value leaves in
// an error's text.
type Server struct {
	pb.UnimplementedGatewayServiceServer
	driver gateway.Driver
	veil   *Veil
	log    zerolog.Logger

	open   sync.Once
	public map[string]bool // settings that are not secret
}

// NewServer serves driver; veil learns the secrets that pass.
func NewServer(driver gateway.Driver, veil *Veil, log zerolog.Logger) *Server {
	return &Server{driver: driver, veil: veil, log: log}
}

// learn shows the veil every setting that the driver did not declare to be something else than a secret.
func (s *Server) learn(ctx context.Context, settings map[string]string) {
	s.open.Do(func() {
		s.public = map[string]bool{}
		info, err := s.driver.Describe(ctx)
		if err != nil {
			return
		}
		for _, d := range info.Settings {
			s.public[d.Name] = d.Type != gateway.SecretSetting
		}
	})
	for name, value := range settings {
		if !s.public[name] {
			s.veil.Learn(value)
		}
	}
}

// guard is deferred around every call into the driver.
func (s *Server) guard(call string, err *error) {
	if p := recover(); p != nil {
		s.log.Error().Str("call", call).Str("panic", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Msg("the gateway's code panicked")
		*err = errorTo(gateway.Fail(gateway.ErrBug, gateway.Unknown, Panicked, s.veil.Hide(fmt.Sprint("panic: ", p))))
		return
	}
	if *err != nil {
		e := *gateway.AsError(*err)
		e.Code, e.Detail, e.Setting = s.veil.Hide(e.Code), s.veil.Hide(e.Detail), s.veil.Hide(e.Setting)
		*err = errorTo(&e)
	}
}

// on opens the connection and runs one call on it.
func on[T any](ctx context.Context, s *Server, call string, c *pb.Connection, f func(gateway.Gateway) (T, error)) (out T, err error) {
	defer s.guard(call, &err)
	s.learn(ctx, c.GetSettings())
	g, err := s.driver.Open(ctx, connectionFrom(c))
	if err != nil {
		return out, err
	}
	return f(g)
}

// able runs f on the optional ability A of the connection's gateway.
func able[A, T any](ctx context.Context, s *Server, call string, c *pb.Connection, f func(A) (T, error)) (T, error) {
	return on(ctx, s, call, c, func(g gateway.Gateway) (out T, err error) {
		a, ok := g.(A)
		if !ok {
			return out, gateway.Fail(gateway.ErrUnsupported, gateway.NotDone, "", "this gateway cannot "+call)
		}
		return f(a)
	})
}

// Describe serves gateway.Driver.Describe.
func (s *Server) Describe(ctx context.Context, _ *pb.DescribeRequest) (out *pb.DescribeResponse, err error) {
	defer s.guard("describe", &err)
	info, err := s.driver.Describe(ctx)
	if err != nil {
		return nil, err
	}
	return &pb.DescribeResponse{Info: infoTo(info)}, nil
}

// Check serves gateway.Gateway.Check.
func (s *Server) Check(ctx context.Context, r *pb.CheckRequest) (*pb.CheckResponse, error) {
	return on(ctx, s, "check", r.GetConnection(), func(g gateway.Gateway) (*pb.CheckResponse, error) {
		a, err := g.Check(ctx)
		if err != nil {
			return nil, err
		}
		return &pb.CheckResponse{Account: accountTo(a)}, nil
	})
}

// CreateCheckout serves gateway.Gateway.CreateCheckout.
func (s *Server) CreateCheckout(ctx context.Context, r *pb.CreateCheckoutRequest) (*pb.CreateCheckoutResponse, error) {
	return on(ctx, s, "create a checkout", r.GetConnection(), func(g gateway.Gateway) (*pb.CreateCheckoutResponse, error) {
		c, err := g.CreateCheckout(ctx, checkoutRequestFrom(r.GetCheckout()))
		if err != nil {
			return nil, err
		}
		return &pb.CreateCheckoutResponse{Checkout: checkoutTo(c)}, nil
	})
}

// SettleCheckout serves gateway.Gateway.SettleCheckout.
func (s *Server) SettleCheckout(ctx context.Context, r *pb.SettleCheckoutRequest) (*pb.SettleCheckoutResponse, error) {
	return on(ctx, s, "settle a checkout", r.GetConnection(), func(g gateway.Gateway) (*pb.SettleCheckoutResponse, error) {
		st, err := g.SettleCheckout(ctx, settleFrom(r.GetSettle()))
		if err != nil {
			return nil, err
		}
		return &pb.SettleCheckoutResponse{Status: statusTo(st)}, nil
	})
}

// ListPayments serves gateway.Gateway.ListPayments.
func (s *Server) ListPayments(ctx context.Context, r *pb.ListPaymentsRequest) (*pb.ListPaymentsResponse, error) {
	return on(ctx, s, "list payments", r.GetConnection(), func(g gateway.Gateway) (*pb.ListPaymentsResponse, error) {
		p, err := g.ListPayments(ctx, listFrom(r.GetList()))
		if err != nil {
			return nil, err
		}
		return &pb.ListPaymentsResponse{Page: pageTo(p)}, nil
	})
}

// FetchPayment serves gateway.Gateway.FetchPayment.
func (s *Server) FetchPayment(ctx context.Context, r *pb.FetchPaymentRequest) (*pb.FetchPaymentResponse, error) {
	return on(ctx, s, "fetch a payment", r.GetConnection(), func(g gateway.Gateway) (*pb.FetchPaymentResponse, error) {
		p, err := g.FetchPayment(ctx, r.GetId())
		if err != nil {
			return nil, err
		}
		return &pb.FetchPaymentResponse{Payment: paymentTo(p)}, nil
	})
}

// ParseWebhook serves gateway.Gateway.ParseWebhook.
func (s *Server) ParseWebhook(ctx context.Context, r *pb.ParseWebhookRequest) (*pb.ParseWebhookResponse, error) {
	return on(ctx, s, "read a webhook", r.GetConnection(), func(g gateway.Gateway) (*pb.ParseWebhookResponse, error) {
		h, err := g.ParseWebhook(ctx, deliveryFrom(r.GetDelivery()))
		if err != nil {
			return nil, err
		}
		return &pb.ParseWebhookResponse{Hint: hintTo(h)}, nil
	})
}

// Refund serves gateway.Refunder.
func (s *Server) Refund(ctx context.Context, r *pb.RefundRequest) (*pb.RefundResponse, error) {
	return able(ctx, s, "refund", r.GetConnection(), func(g gateway.Refunder) (*pb.RefundResponse, error) {
		p, err := g.Refund(ctx, refundFrom(r.GetRefund()))
		if err != nil {
			return nil, err
		}
		return &pb.RefundResponse{Payment: paymentTo(p)}, nil
	})
}

// ExpireCheckout serves gateway.Expirer.
func (s *Server) ExpireCheckout(ctx context.Context, r *pb.ExpireCheckoutRequest) (*pb.ExpireCheckoutResponse, error) {
	return able(ctx, s, "close a checkout", r.GetConnection(), func(g gateway.Expirer) (*pb.ExpireCheckoutResponse, error) {
		st, err := g.ExpireCheckout(ctx, r.GetSessionId())
		if err != nil {
			return nil, err
		}
		return &pb.ExpireCheckoutResponse{Status: statusTo(st)}, nil
	})
}

// Balance serves gateway.BalanceReader.
func (s *Server) Balance(ctx context.Context, r *pb.BalanceRequest) (*pb.BalanceResponse, error) {
	return able(ctx, s, "say its balance", r.GetConnection(), func(g gateway.BalanceReader) (*pb.BalanceResponse, error) {
		b, err := g.Balance(ctx)
		if err != nil {
			return nil, err
		}
		return &pb.BalanceResponse{Balances: each(b, moneyTo)}, nil
	})
}

// InstallWebhook serves gateway.WebhookInstaller. What it returns is secret until the driver declares otherwise.
func (s *Server) InstallWebhook(ctx context.Context, r *pb.InstallWebhookRequest) (*pb.InstallWebhookResponse, error) {
	return able(ctx, s, "install a webhook", r.GetConnection(), func(g gateway.WebhookInstaller) (*pb.InstallWebhookResponse, error) {
		settings, err := g.InstallWebhook(ctx, r.GetUrl())
		if err != nil {
			return nil, err
		}
		s.learn(ctx, settings)
		return &pb.InstallWebhookResponse{Settings: settings}, nil
	})
}

// PayoutItems serves gateway.PayoutReader.
func (s *Server) PayoutItems(ctx context.Context, r *pb.PayoutItemsRequest) (*pb.PayoutItemsResponse, error) {
	return able(ctx, s, "list what a payout consists of", r.GetConnection(), func(g gateway.PayoutReader) (*pb.PayoutItemsResponse, error) {
		ids, err := g.PayoutItems(ctx, r.GetPayoutId())
		if err != nil {
			return nil, err
		}
		return &pb.PayoutItemsResponse{PaymentIds: ids}, nil
	})
}
