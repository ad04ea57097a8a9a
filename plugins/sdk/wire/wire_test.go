package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	pb "github.com/acquit-app/acquit/plugins/gatewaypb/v1"
)

// roundTrip carries v over the wire's bytes and back.
func roundTrip[T any, M proto.Message](t *testing.T, to func(T) M, from func(M) T) {
	t.Helper()
	for _, v := range []T{filled[T](), *new(T)} {
		m := to(v)
		b, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		back, ok := m.ProtoReflect().New().Interface().(M)
		if !ok {
			t.Fatalf("not a %T", m)
		}
		if err := proto.Unmarshal(b, back); err != nil {
			t.Fatal(err)
		}
		if got := from(back); !reflect.DeepEqual(got, v) {
			t.Errorf("%T changed on the way:\n%+v\n%+v", v, v, got)
		}
	}
}

func TestNoFieldIsLeftBehind(t *testing.T) {
	roundTrip(t, infoTo, infoFrom)
	roundTrip(t, connectionTo, connectionFrom)
	roundTrip(t, accountTo, accountFrom)
	roundTrip(t, checkoutRequestTo, checkoutRequestFrom)
	roundTrip(t, checkoutTo, checkoutFrom)
	roundTrip(t, settleTo, settleFrom)
	roundTrip(t, statusTo, statusFrom)
	roundTrip(t, paymentTo, paymentFrom)
	roundTrip(t, listTo, listFrom)
	roundTrip(t, pageTo, pageFrom)
	roundTrip(t, deliveryTo, deliveryFrom)
	roundTrip(t, hintTo, hintFrom)
	roundTrip(t, refundTo, refundFrom)
	roundTrip(t, func(e gateway.Error) *pb.Failure { return failureTo(&e) }, func(f *pb.Failure) gateway.Error { return *failureFrom(f) })
}

// TestEveryMessageFieldIsUsed looks from the other side: no field of the protocol that the conversions ignore.
func TestEveryMessageFieldIsUsed(t *testing.T) {
	failure := filled[gateway.Error]()
	for _, m := range []proto.Message{
		infoTo(filled[gateway.Info]()), connectionTo(filled[gateway.Connection]()), accountTo(filled[gateway.Account]()),
		checkoutRequestTo(filled[gateway.CheckoutRequest]()), checkoutTo(filled[gateway.Checkout]()), settleTo(filled[gateway.SettleRequest]()),
		statusTo(filled[gateway.CheckoutStatus]()), paymentTo(filled[gateway.Payment]()), listTo(filled[gateway.ListRequest]()), pageTo(filled[gateway.Page]()),
		deliveryTo(filled[gateway.Delivery]()), hintTo(filled[gateway.Hint]()), refundTo(filled[gateway.RefundRequest]()), failureTo(&failure),
	} {
		r := m.ProtoReflect()
		for i := range r.Descriptor().Fields().Len() {
			if f := r.Descriptor().Fields().Get(i); !r.Has(f) {
				t.Errorf("%s is never set", f.FullName())
			}
		}
	}
}

func TestMoneyThatCannotBeBecomesNoAmount(t *testing.T) {
	for _, m := range []*pb.Money{nil, {Minor: 5}, {Minor: 5, Currency: "eur"}, {Minor: 5, Currency: "ZZZ"}, {Minor: money.Max + 1, Currency: "EUR"}} {
		if got := moneyFrom(m); got != (money.Money{}) {
			t.Errorf("%v became %v", m, got)
		}
	}
	p := paymentFrom(&pb.Payment{Id: "p", Kind: "payment", State: "succeeded", FeeState: "none", Gross: &pb.Money{Minor: 5, Currency: "ZZZ"}})
	if err := gateway.CheckPayment(p); err == nil {
		t.Error("a payment in an unknown currency passes the host's check")
	}
}

func TestHeadersNeedNotBeUTF8(t *testing.T) {
	d := gateway.Delivery{Headers: []gateway.Header{{Name: "X-\xff", Value: "\xfe\x00é"}}}
	b, err := proto.Marshal(deliveryTo(d))
	if err != nil {
		t.Fatal(err)
	}
	var back pb.Delivery
	if err := proto.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if got := deliveryFrom(&back); got.Headers[0].Value != d.Headers[0].Value {
		t.Errorf("the value became %q", got.Headers[0].Value)
	}
}

// recorder is a driver that notes what it was asked and answers with filled values.
type recorder struct {
	asked    []any
	fail     error
	panic    any
	mute     bool // has no optional ability
	wait     bool // until the caller has given up
	describe func() gateway.Info
}

func (r *recorder) Describe(context.Context) (gateway.Info, error) {
	if r.describe != nil {
		return r.describe(), nil
	}
	return filled[gateway.Info](), r.fail
}

func (r *recorder) Open(_ context.Context, c gateway.Connection) (gateway.Gateway, error) {
	r.asked = append(r.asked, c)
	if r.mute {
		return struct{ gateway.Gateway }{&desk{r}}, nil
	}
	return &desk{r}, nil
}

type desk struct{ *recorder }

func note[T any](ctx context.Context, d *desk, request any) (T, error) {
	d.asked = append(d.asked, request)
	if d.panic != nil {
		panic(d.panic)
	}
	if d.wait {
		<-ctx.Done()
		return *new(T), ctx.Err()
	}
	return filled[T](), d.fail
}

func (d *desk) Check(ctx context.Context) (gateway.Account, error) {
	return note[gateway.Account](ctx, d, "check")
}

func (d *desk) CreateCheckout(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
	return note[gateway.Checkout](ctx, d, r)
}

func (d *desk) SettleCheckout(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
	return note[gateway.CheckoutStatus](ctx, d, r)
}

func (d *desk) ListPayments(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
	return note[gateway.Page](ctx, d, r)
}

func (d *desk) FetchPayment(ctx context.Context, id string) (gateway.Payment, error) {
	return note[gateway.Payment](ctx, d, "fetch "+id)
}

func (d *desk) ParseWebhook(ctx context.Context, v gateway.Delivery) (gateway.Hint, error) {
	return note[gateway.Hint](ctx, d, v)
}

func (d *desk) Refund(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
	return note[gateway.Payment](ctx, d, r)
}

func (d *desk) ExpireCheckout(ctx context.Context, id string) (gateway.CheckoutStatus, error) {
	return note[gateway.CheckoutStatus](ctx, d, "expire "+id)
}

func (d *desk) Balance(ctx context.Context) ([]money.Money, error) {
	return note[[]money.Money](ctx, d, "balance")
}

func (d *desk) InstallWebhook(ctx context.Context, url string) (map[string]string, error) {
	return note[map[string]string](ctx, d, "install "+url)
}

func (d *desk) PayoutItems(ctx context.Context, id string) ([]string, error) {
	return note[[]string](ctx, d, "items "+id)
}

// connect serves r over gRPC in memory.
func connect(t *testing.T, r *recorder) (*Client, *grpc.Server) {
	t.Helper()
	l := bufconn.Listen(1 << 20)
	s := grpc.NewServer()
	pb.RegisterGatewayServiceServer(s, NewServer(r, &Veil{}, zerolog.Nop()))
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	conn, err := grpc.NewClient("passthrough:memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Stop()
		if err := errors.Join(<-done, conn.Close()); err != nil {
			t.Error(err)
		}
	})
	return NewClient(conn), s
}

// calls makes every call of the port, with filled requests, and returns what came back by name.
func calls(ctx context.Context, b *Bound) map[string]func() (any, error) {
	return map[string]func() (any, error){
		"check":    func() (any, error) { return b.Check(ctx) },
		"checkout": func() (any, error) { return b.CreateCheckout(ctx, filled[gateway.CheckoutRequest]()) },
		"settle":   func() (any, error) { return b.SettleCheckout(ctx, filled[gateway.SettleRequest]()) },
		"list":     func() (any, error) { return b.ListPayments(ctx, filled[gateway.ListRequest]()) },
		"fetch":    func() (any, error) { return b.FetchPayment(ctx, "p1") },
		"webhook":  func() (any, error) { return b.ParseWebhook(ctx, filled[gateway.Delivery]()) },
		"refund":   func() (any, error) { return b.Refund(ctx, filled[gateway.RefundRequest]()) },
		"expire":   func() (any, error) { return b.ExpireCheckout(ctx, "s1") },
		"balance":  func() (any, error) { return b.Balance(ctx) },
		"install":  func() (any, error) { return b.InstallWebhook(ctx, "https://a.example/") },
		"items":    func() (any, error) { return b.PayoutItems(ctx, "po1") },
	}
}

func TestEveryCallArrivesWhole(t *testing.T) {
	r := &recorder{}
	c, _ := connect(t, r)
	conn := filled[gateway.Connection]()
	want := map[string][2]any{
		"check":    {"check", filled[gateway.Account]()},
		"checkout": {filled[gateway.CheckoutRequest](), filled[gateway.Checkout]()},
		"settle":   {filled[gateway.SettleRequest](), filled[gateway.CheckoutStatus]()},
		"list":     {filled[gateway.ListRequest](), filled[gateway.Page]()},
		"fetch":    {"fetch p1", filled[gateway.Payment]()},
		"webhook":  {filled[gateway.Delivery](), filled[gateway.Hint]()},
		"refund":   {filled[gateway.RefundRequest](), filled[gateway.Payment]()},
		"expire":   {"expire s1", filled[gateway.CheckoutStatus]()},
		"balance":  {"balance", filled[[]money.Money]()},
		"install":  {"install https://a.example/", filled[map[string]string]()},
		"items":    {"items po1", filled[[]string]()},
	}
	for name, call := range calls(t.Context(), c.Bind(conn)) {
		r.asked = nil
		got, err := call()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w := []any{conn, want[name][0]}; !reflect.DeepEqual(r.asked, w) {
			t.Errorf("%s: the driver was asked\n%+v, not\n%+v", name, r.asked, w)
		}
		if !reflect.DeepEqual(got, want[name][1]) {
			t.Errorf("%s: answered\n%+v, not\n%+v", name, got, want[name][1])
		}
	}
	if info, err := c.Describe(t.Context()); err != nil || !reflect.DeepEqual(info, filled[gateway.Info]()) {
		t.Errorf("describe: %+v, %v", info, err)
	}
}

func TestErrorsKeepKindAndOutcome(t *testing.T) {
	r := &recorder{describe: func() gateway.Info { return gateway.Info{} }}
	c, _ := connect(t, r)
	for kind := range statusCodes {
		for _, outcome := range []gateway.Outcome{gateway.NotDone, gateway.Unknown} {
			want := gateway.Error{Kind: kind, Outcome: outcome, Code: "card_declined", Detail: "détail", Setting: "api_key"}
			r.fail = &want
			for name, call := range calls(t.Context(), c.Bind(gateway.Connection{})) {
				_, err := call()
				var e *gateway.Error
				if !errors.As(err, &e) || *e != want {
					t.Errorf("%s: %v arrived as %v", name, &want, err)
				}
			}
		}
	}
	r.fail = errors.New("anything else")
	if _, err := c.Bind(gateway.Connection{}).Check(t.Context()); gateway.AsError(err).Kind != gateway.ErrBug || gateway.AsError(err).Outcome != gateway.Unknown {
		t.Errorf("a foreign error arrived as %v", err)
	}
	r.fail = &gateway.Error{Kind: "tired", Outcome: "maybe", Detail: "\xff" + strings.Repeat("x", 5000)}
	_, err := c.Bind(gateway.Connection{}).Check(t.Context())
	if e := gateway.AsError(err); e.Kind != gateway.ErrBug || e.Outcome != gateway.Unknown || len(e.Detail) > gateway.MaxText+len("…") {
		t.Errorf("an error in words that do not exist arrived as %v", err)
	}
}

func TestTransportErrorsAreOfUnknownOutcome(t *testing.T) {
	over, end := context.WithCancel(t.Context())
	end()
	if e := errorFrom(over, status.Error(codes.Canceled, "x")); e.Code != TimedOut || e.Outcome != gateway.Unknown {
		t.Errorf("given up by the caller: %v", e)
	}
	for code, want := range map[codes.Code]gateway.Error{
		codes.Unavailable:      {Kind: gateway.ErrRetryable, Outcome: gateway.Unknown, Code: Died},
		codes.DeadlineExceeded: {Kind: gateway.ErrRetryable, Outcome: gateway.Unknown, Code: TimedOut},
		codes.Canceled:         {Kind: gateway.ErrRetryable, Outcome: gateway.Unknown, Code: Died}, // by a connection that closed
		codes.Unimplemented:    {Kind: gateway.ErrUnsupported, Outcome: gateway.NotDone},
		codes.Internal:         {Kind: gateway.ErrBug, Outcome: gateway.Unknown},
		codes.InvalidArgument:  {Kind: gateway.ErrBug, Outcome: gateway.Unknown},
	} {
		e := errorFrom(t.Context(), status.Error(code, "x"))
		if e.Kind != want.Kind || e.Outcome != want.Outcome || e.Code != want.Code {
			t.Errorf("%s became %v", code, e)
		}
	}
	r := &recorder{wait: true}
	c, s := connect(t, r)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Bind(gateway.Connection{}).Check(ctx); gateway.AsError(err).Code != TimedOut {
		t.Errorf("after the deadline: %v", err)
	}
	s.Stop()
	if _, err := c.Bind(gateway.Connection{}).Check(t.Context()); gateway.AsError(err).Code != Died {
		t.Errorf("after the end: %v", err)
	}
}

func TestPanicsAreErrors(t *testing.T) {
	secret := "sk_live_0123456789"
	r := &recorder{panic: "lost the key " + secret, describe: func() gateway.Info {
		return gateway.Info{Settings: []gateway.Setting{{Name: "api_key", Type: gateway.SecretSetting}}}
	}}
	c, _ := connect(t, r)
	for name, call := range calls(t.Context(), c.Bind(gateway.Connection{Settings: map[string]string{"api_key": secret}})) {
		_, err := call()
		if e := gateway.AsError(err); e.Kind != gateway.ErrBug || e.Outcome != gateway.Unknown || e.Code != Panicked || strings.Contains(e.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSecretsDoNotLeaveInErrors(t *testing.T) {
	secret := `s3cr&t/"é+=`
	r := &recorder{describe: func() gateway.Info {
		return gateway.Info{Settings: []gateway.Setting{{Name: "key", Type: gateway.SecretSetting}, {Name: "shop", Type: gateway.TextSetting}}}
	}}
	c, _ := connect(t, r)
	conn := gateway.Connection{Settings: map[string]string{"key": secret, "shop": "Dupré", "undeclared": "another secret"}}
	for _, form := range spellings(secret) {
		r.fail = gateway.Fail(gateway.ErrConfig, gateway.NotDone, "code "+form, "Dupré: "+form+" another secret")
		_, err := c.Bind(conn).Check(t.Context())
		e := gateway.AsError(err)
		if want := "Dupré: " + hidden + " " + hidden; e.Detail != want || e.Code != "code "+hidden {
			t.Errorf("%q arrived as %q, %q", form, e.Code, e.Detail)
		}
	}
}

func TestVeilHidesLines(t *testing.T) {
	var v Veil
	var b strings.Builder
	w := v.Writer(&b)
	v.Learn("abc", "long enough")
	if n, err := fmt.Fprint(w, "abc long enough\n"); err != nil || n != len("abc long enough\n") {
		t.Fatal(n, err)
	}
	if b.String() != "abc "+hidden+"\n" {
		t.Errorf("wrote %q", b.String())
	}
}

func TestAbilitiesAreThoseAnnounced(t *testing.T) {
	optional := []gateway.Capability{gateway.CanRefund, gateway.CanExpire, gateway.CanBalance, gateway.CanInstallWebhook, gateway.CanPayoutItems}
	for set := range 1 << len(optional) {
		var info gateway.Info
		for i, c := range optional {
			if set>>i&1 == 1 {
				info.Capabilities = append(info.Capabilities, c)
			}
		}
		g := Announced(&Bound{}, info)
		_, refund := g.(gateway.Refunder)
		_, expire := g.(gateway.Expirer)
		_, balance := g.(gateway.BalanceReader)
		_, install := g.(gateway.WebhookInstaller)
		_, items := g.(gateway.PayoutReader)
		got := map[gateway.Capability]bool{
			gateway.CanRefund: refund, gateway.CanExpire: expire, gateway.CanBalance: balance, gateway.CanInstallWebhook: install, gateway.CanPayoutItems: items,
		}
		for c, has := range got {
			if has != info.Can(c) {
				t.Errorf("announcing %v, %s is there: %t", info.Capabilities, c, has)
			}
		}
	}
}

func TestAbilitiesThatAreNotThere(t *testing.T) {
	c, _ := connect(t, &recorder{mute: true})
	for name, call := range calls(t.Context(), c.Bind(gateway.Connection{})) {
		_, err := call()
		switch name {
		case "refund", "expire", "balance", "install", "items":
			if e := gateway.AsError(err); e == nil || e.Kind != gateway.ErrUnsupported || e.Outcome != gateway.NotDone {
				t.Errorf("%s: %v", name, err)
			}
		default:
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
