package wire

import "github.com/acquit-app/acquit/core/gateway"

// Announced narrows g to what info announces.
func Announced(g Able, info gateway.Info) gateway.Gateway { return gateway.Only(g, info.Can) }
