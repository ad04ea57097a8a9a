package pluginhost

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"strings"
	"syscall"

	"github.com/hashicorp/go-plugin"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// Trouble is an error of the host with a gateway's program. It is a *fault.Error for whoever tells the user, and a
// *gateway.Error for whoever must know whether the call may have happened.
type Trouble struct {
	fault *fault.Error
	port  *gateway.Error
}

// Error is for logs.
func (t *Trouble) Error() string { return t.fault.Error() + ": " + t.port.Error() }

// Unwrap offers both faces to errors.As.
func (t *Trouble) Unwrap() []error { return []error{t.fault, t.port} }

// before is trouble that came before the call was sent: it has not happened.
func before(kind fault.Kind, code fault.Code, name, detail string) *Trouble {
	port := gateway.ErrConfig
	if code == fault.GatewayDown || code == fault.GatewayQuarantined {
		port = gateway.ErrRetryable
	}
	return &Trouble{
		fault: fault.New(kind, code, faultParams(code, name, detail)...),
		port:  gateway.Fail(port, gateway.NotDone, string(code), detail),
	}
}

func faultParams(code fault.Code, name, detail string) []string {
	p := []string{"gateway", name}
	for _, want := range fault.ParamsOf(code) {
		if want == "detail" {
			p = append(p, "detail", detail)
		}
	}
	return p
}

func notFound(name, detail string) *Trouble {
	return before(fault.NotFound, fault.GatewayNotFound, name, detail)
}

func untrusted(name, detail string) *Trouble {
	return before(fault.Refused, fault.GatewayUntrusted, name, detail)
}

func down(name, detail string) *Trouble {
	return before(fault.Unavailable, fault.GatewayDown, name, detail)
}

func quarantined(name, detail string) *Trouble {
	return before(fault.Unavailable, fault.GatewayQuarantined, name, detail)
}

// during is trouble that came while a call was under way; e says what is known of its outcome.
func during(code fault.Code, name string, e *gateway.Error) *Trouble {
	return &Trouble{fault: fault.New(fault.Unavailable, code, faultParams(code, name, e.Detail)...), port: e}
}

// explain says in words why a program did not start. path is the file as the operator knows it; said is the end of what
// it wrote to its standard error.
func explain(name, path, said string, err error) *Trouble {
	var t *Trouble
	if errors.As(err, &t) {
		return t
	}
	cannot := func(code fault.Code, detail string) *Trouble {
		return before(fault.Unavailable, code, name, path+" "+detail)
	}
	text := err.Error()
	switch {
	case errors.Is(err, plugin.ErrChecksumsDoNotMatch):
		return untrusted(name, path+" is not the file whose checksum is in plugins.lock")
	case errors.Is(err, fs.ErrPermission):
		return cannot(fault.GatewayNotExecutable, "may not be executed: it lacks the permission, or its folder is mounted without it")
	case errors.Is(err, syscall.ENOEXEC):
		if made := machine(path); made != "" {
			return cannot(fault.GatewayWrongMachine, fmt.Sprintf("is built for %s, this machine is %s", made, runtime.GOOS+"/"+runtime.GOARCH))
		}
		return cannot(fault.GatewayNotExecutable, "is neither a program for this machine nor a script")
	case errors.Is(err, fs.ErrNotExist):
		return cannot(fault.GatewayNotExecutable, "cannot be executed: the interpreter that it names is missing")
	}
	if v := versions.FindStringSubmatch(text); v != nil {
		return cannot(fault.GatewayTooNew, fmt.Sprintf("speaks version %s of the gateway protocol, this program speaks %d", v[1], wire.Protocol))
	}
	if strings.Contains(text, "incompatible core API version") {
		return cannot(fault.GatewayTooNew, "speaks another version of the plugin handshake")
	}
	why := "did not introduce itself as a gateway: "
	switch {
	case strings.Contains(text, "timeout while waiting"):
		why = "did not introduce itself in time"
	case strings.Contains(text, "exited before") || strings.Contains(text, "Failed to read any lines"):
		why = "ended before it introduced itself"
	default:
		first, _, _ := strings.Cut(text, "\n")
		why += first
	}
	if said != "" {
		why += "; it said: " + said
	}
	return cannot(fault.GatewayBroken, why)
}

// versions finds the plugin's version in the library's complaint about it.
var versions = regexp.MustCompile(`incompatible API version with plugin\. Plugin version: (\d+)`)

// machine says what machine a program was built for, or "" when it is no program that says so.
func machine(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	e, err := elf.NewFile(f)
	if err != nil {
		return ""
	}
	if arch := architectures[e.Machine]; arch != "" {
		return "linux/" + arch
	}
	return strings.ToLower(strings.TrimPrefix(e.Machine.String(), "EM_"))
}

var architectures = map[elf.Machine]string{
	elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_386: "386", elf.EM_ARM: "arm", elf.EM_RISCV: "riscv64",
	elf.EM_PPC64: "ppc64le", elf.EM_S390: "s390x", elf.EM_LOONGARCH: "loong64",
}
