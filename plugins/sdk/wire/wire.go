// Package wire carries the gateway port over gRPC: conversions both ways, errors that keep their kind and outcome, the
// serving half around a gateway.Driver, and the calling half that is a gateway.Gateway again.
//
// Authors of gateways in Go use package sdk, which builds on this one; the host uses the calling half.
package wire

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/acquit-app/acquit/core/gateway"
	pb "github.com/acquit-app/acquit/plugins/gatewaypb/v1"
)

// Protocol is the version of the protocol spoken here. It grows only when a program made for the former one could be
// misunderstood; an added field or method does not make it grow.
const Protocol = 1

// ServiceName is the name under which the gateway is served and dispensed.
const ServiceName = "gateway"

// Prefix begins the file name of every gateway's program; the rest is the gateway's name.
const Prefix = "acquit-gateway-"

// StateEnv names the environment variable that tells a gateway's program where its private folder is.
const StateEnv = "ACQUIT_PLUGIN_STATE"

// MaxMessage bounds one message in bytes: a full page of gateway.MaxPage movements at the 60 KiB that the largest raw
// objects of real providers measure, doubled.
const MaxMessage = 64 << 20

// Handshake lets a program notice that it was not started by the host. It is a courtesy to whoever runs it by hand,
// not a protection: that is the checksum and mutual TLS.
var Handshake = plugin.HandshakeConfig{
	MagicCookieKey:   "ACQUIT_GATEWAY_COOKIE",
	MagicCookieValue: "8f0f7a5e-pour-acquit-3d1c90b2",
}

// Served is what a gateway's program serves for a driver, by protocol version.
func Served(s *Server) map[int]plugin.PluginSet {
	return map[int]plugin.PluginSet{Protocol: {ServiceName: &glue{server: s}}}
}

// Called is what the host asks for; dispensing ServiceName gives a *Client.
func Called() map[int]plugin.PluginSet {
	return map[int]plugin.PluginSet{Protocol: {ServiceName: &glue{}}}
}

// glue ties both halves to go-plugin.
type glue struct {
	plugin.NetRPCUnsupportedPlugin
	server *Server
}

func (g *glue) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterGatewayServiceServer(s, g.server)
	return nil
}

func (g *glue) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return NewClient(conn), nil
}

// Able is a gateway that has every optional ability, if only to answer that it is unsupported.
type Able = gateway.Able
