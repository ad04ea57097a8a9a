package wire

import (
	"context"

	"google.golang.org/grpc"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	pb "github.com/acquit-app/acquit/plugins/gatewaypb/v1"
)

// Client is the calling half: a gateway.Driver that lives in another process. It sets no deadline and checks no reply;
// that is its caller's.
type Client struct {
	rpc pb.GatewayServiceClient
}

var limit = grpc.MaxCallRecvMsgSize(MaxMessage)

// NewClient calls over conn.
func NewClient(conn grpc.ClientConnInterface) *Client {
	return &Client{rpc: pb.NewGatewayServiceClient(conn)}
}

// Describe implements gateway.Driver.
func (c *Client) Describe(ctx context.Context) (gateway.Info, error) {
	r, err := c.rpc.Describe(ctx, &pb.DescribeRequest{}, limit)
	if err != nil {
		return gateway.Info{}, errorFrom(ctx, err)
	}
	return infoFrom(r.GetInfo()), nil
}

// Open implements gateway.Driver. The result has the optional abilities that the gateway announces, and no other.
func (c *Client) Open(ctx context.Context, conn gateway.Connection) (gateway.Gateway, error) {
	info, err := c.Describe(ctx)
	if err != nil {
		return nil, err
	}
	return Announced(c.Bind(conn), info), nil
}

// Bind returns the calls for one connection.
func (c *Client) Bind(conn gateway.Connection) *Bound {
	return &Bound{rpc: c.rpc, conn: connectionTo(conn)}
}

// Bound is a gateway behind the wire, for one connection.
type Bound struct {
	rpc  pb.GatewayServiceClient
	conn *pb.Connection
}

var _ Able = (*Bound)(nil)

// Check implements gateway.Gateway.
func (b *Bound) Check(ctx context.Context) (gateway.Account, error) {
	r, err := b.rpc.Check(ctx, &pb.CheckRequest{Connection: b.conn}, limit)
	if err != nil {
		return gateway.Account{}, errorFrom(ctx, err)
	}
	return accountFrom(r.GetAccount()), nil
}

// CreateCheckout implements gateway.Gateway.
func (b *Bound) CreateCheckout(ctx context.Context, q gateway.CheckoutRequest) (gateway.Checkout, error) {
	r, err := b.rpc.CreateCheckout(ctx, &pb.CreateCheckoutRequest{Connection: b.conn, Checkout: checkoutRequestTo(q)}, limit)
	if err != nil {
		return gateway.Checkout{}, errorFrom(ctx, err)
	}
	return checkoutFrom(r.GetCheckout()), nil
}

// SettleCheckout implements gateway.Gateway.
func (b *Bound) SettleCheckout(ctx context.Context, q gateway.SettleRequest) (gateway.CheckoutStatus, error) {
	r, err := b.rpc.SettleCheckout(ctx, &pb.SettleCheckoutRequest{Connection: b.conn, Settle: settleTo(q)}, limit)
	if err != nil {
		return gateway.CheckoutStatus{}, errorFrom(ctx, err)
	}
	return statusFrom(r.GetStatus()), nil
}

// ListPayments implements gateway.Gateway.
func (b *Bound) ListPayments(ctx context.Context, q gateway.ListRequest) (gateway.Page, error) {
	r, err := b.rpc.ListPayments(ctx, &pb.ListPaymentsRequest{Connection: b.conn, List: listTo(q)}, limit)
	if err != nil {
		return gateway.Page{}, errorFrom(ctx, err)
	}
	return pageFrom(r.GetPage()), nil
}

// FetchPayment implements gateway.Gateway.
func (b *Bound) FetchPayment(ctx context.Context, id string) (gateway.Payment, error) {
	r, err := b.rpc.FetchPayment(ctx, &pb.FetchPaymentRequest{Connection: b.conn, Id: id}, limit)
	if err != nil {
		return gateway.Payment{}, errorFrom(ctx, err)
	}
	return paymentFrom(r.GetPayment()), nil
}

// ParseWebhook implements gateway.Gateway.
func (b *Bound) ParseWebhook(ctx context.Context, d gateway.Delivery) (gateway.Hint, error) {
	r, err := b.rpc.ParseWebhook(ctx, &pb.ParseWebhookRequest{Connection: b.conn, Delivery: deliveryTo(d)}, limit)
	if err != nil {
		return gateway.Hint{}, errorFrom(ctx, err)
	}
	return hintFrom(r.GetHint()), nil
}

// Refund implements gateway.Refunder.
func (b *Bound) Refund(ctx context.Context, q gateway.RefundRequest) (gateway.Payment, error) {
	r, err := b.rpc.Refund(ctx, &pb.RefundRequest{Connection: b.conn, Refund: refundTo(q)}, limit)
	if err != nil {
		return gateway.Payment{}, errorFrom(ctx, err)
	}
	return paymentFrom(r.GetPayment()), nil
}

// ExpireCheckout implements gateway.Expirer.
func (b *Bound) ExpireCheckout(ctx context.Context, sessionID string) (gateway.CheckoutStatus, error) {
	r, err := b.rpc.ExpireCheckout(ctx, &pb.ExpireCheckoutRequest{Connection: b.conn, SessionId: sessionID}, limit)
	if err != nil {
		return gateway.CheckoutStatus{}, errorFrom(ctx, err)
	}
	return statusFrom(r.GetStatus()), nil
}

// Balance implements gateway.BalanceReader.
func (b *Bound) Balance(ctx context.Context) ([]money.Money, error) {
	r, err := b.rpc.Balance(ctx, &pb.BalanceRequest{Connection: b.conn}, limit)
	if err != nil {
		return nil, errorFrom(ctx, err)
	}
	return each(r.GetBalances(), moneyFrom), nil
}

// InstallWebhook implements gateway.WebhookInstaller.
func (b *Bound) InstallWebhook(ctx context.Context, url string) (map[string]string, error) {
	r, err := b.rpc.InstallWebhook(ctx, &pb.InstallWebhookRequest{Connection: b.conn, Url: url}, limit)
	if err != nil {
		return nil, errorFrom(ctx, err)
	}
	return r.GetSettings(), nil
}

// PayoutItems implements gateway.PayoutReader.
func (b *Bound) PayoutItems(ctx context.Context, payoutID string) ([]string, error) {
	r, err := b.rpc.PayoutItems(ctx, &pb.PayoutItemsRequest{Connection: b.conn, PayoutId: payoutID}, limit)
	if err != nil {
		return nil, errorFrom(ctx, err)
	}
	return r.GetPaymentIds(), nil
}
