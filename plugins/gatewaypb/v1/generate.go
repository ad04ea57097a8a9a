// Package gatewaypb is the generated code of gateway.proto: the wire between the host and a gateway's program. Nothing
// but package wire uses it; a gateway written in Go sees core/gateway only, one written in another language starts from
// gateway.proto.
package gatewaypb

//go:generate sh generate.sh
