package logmask_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/logmask"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/rs/zerolog"
)

// Assembled, so that scanners of repositories take nothing here for a leaked key.
var (
	stripeKey = "sk" + "_live_" + "51HxTelltale0000Abc"
	rolled    = "whsec" + "_TelltaleAbc123+/="
	paypal    = "A21" + "AATelltale_0123456789-abcdefghij"
	ours      = "acq" + "_" + strings.Repeat("Telltale", 5)
	jwt       = "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiJUZWxsdGFsZSJ9.sig-Telltale"
)

func TestTextIsMasked(t *testing.T) {
	for in, want := range map[string]string{
		"550 jean.valjean+x@exemple.fr unknown":              "550 e-mail ••• unknown",
		"to <Élodie@exämple.fr>, jean%40exemple.fr":          "to <e-mail •••>, e-mail •••",
		"key " + stripeKey + " refused":                      "key key ••• refused",
		"rk" + "_test_Telltale1 pk" + "_live_Telltale2":      "key ••• key •••",
		"secret is " + rolled:                                "secret is whsec_•••",
		"Authorization: Bearer " + paypal:                    "Authorization: Bearer •••",
		"token=" + paypal + ".":                              "token=token •••.",
		"401 for " + ours:                                    "401 for acq_•••",
		jwt:                                                  "token •••",
		"pi_3Abc_secret_Telltale9":                           "pi_3Abc_secret_•••",
		"GET /p/Telltale0123456789_-x?a=b":                   "GET /p/•••?a=b",
		"https://pay.example.com/p/Telltale0123456789":       "https://pay.example.com/p/•••",
		"dial postgres://acquit:Telltale@db/acquit: down":    "dial postgres://•••@db/acquit: down",
		"GET https://x.test/a?b=1&token=Telltale&c=2":        "GET https://x.test/a?b=1&token=•••&c=2",
		"IBAN FR14 2004 1010 0505 0001 3M02 606 rejected":    "IBAN IBAN ••• rejected",
		"DE89370400440532013000":                             "IBAN •••",
		"card 4242 4242 4242 4242 declined":                  "card card ••• declined",
		"4242-4242-4242-4242, 378282246310005":               "card •••, card •••",
		`answer: {"payer":{"name":"Telltale"}} (status 400)`: `answer: (JSON •••) (status 400)`,
		`[{"name":"Telltale"},{"a":1}] and {"b":2}`:          `(JSON •••) and (JSON •••)`,
		`clipped {"payer":{"name":"Tellta`:                   `clipped (JSON •••)`,
		`quoted "{\"name\":\"Telltale\"}"`:                   `quoted "(JSON •••)`,
		`{"client_id":"x", "secret": "Telltale"`:             `(JSON •••)`,
		"password=Telltale client_secret: Telltale":          "password=••• client_secret: •••",
		"invalid: email_missing (customer=Telltale, Jean)":   "invalid: email_missing (customer=•••)",
		// What helps to find a fault stays.
		"arr_6sm2ms4cj1wqw9vm11w9jqznhw of gw_38gw3mzr1frhactwrycd1y8408": "arr_6sm2ms4cj1wqw9vm11w9jqznhw of gw_38gw3mzr1frhactwrycd1y8408",
		"took 1234567890123456 ns, entry 4242424242424241":                "took 1234567890123456 ns, entry 4242424242424241",
		"bad_reply: payment \"pi_3Abc\": fee 1.00 EUR [retry] {x}":        "bad_reply: payment \"pi_3Abc\": fee 1.00 EUR [retry] {x}",
		"FR99 2004 1010 0505 0001 3M02 606":                               "FR99 2004 1010 0505 0001 3M02 606",
		"http://127.0.0.1:8080/pages/x and @home":                         "http://127.0.0.1:8080/pages/x and @home",
	} {
		if got := logmask.Text(in); got != want {
			t.Errorf("%q\nbecame %q\nwant   %q", in, got, want)
		}
	}
}

func TestLinesStayLines(t *testing.T) {
	for in, want := range map[string]string{
		`{"level":"warn","err":"jean@exemple.fr\nnext","n":3,"x":1.50,"ok":true,"none":null,"list":["a@b.fr",{"payer_name":"Telltale"}]}` + "\n": `{"level":"warn","err":"e-mail •••\nnext","n":3,"x":1.50,"ok":true,"none":null,"list":["e-mail •••",{"payer_name":"•••"}]}` + "\n",
		`{"Payer-Name":{"deep":["Telltale"]},"customerEmail":"x","pan":4242424242424242,"n":4242424242424242}`:                                   `{"Payer-Name":"•••","customerEmail":"x","pan":"•••","n":"card •••"}` + "\n",
		`{"k@exemple.fr":1}`:                    `{"e-mail •••":1}` + "\n",
		"panic: jean@exemple.fr\n\tgoroutine 1": "panic: e-mail •••\n\tgoroutine 1",
		`{"a":1} trailing jean@exemple.fr`:      `(JSON •••) trailing e-mail •••`,
	} {
		if got := string(logmask.Line([]byte(in))); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", in, got, want)
		}
	}
}

func TestErrorsSayWhatWithoutWhom(t *testing.T) {
	err := fmt.Errorf("mail 7: %w", fault.New(fault.Refused, fault.EmailMissing, "customer", "Jean Telltale"))
	if got := logmask.Error(err); got != "mail 7: refused: email_missing (customer=•••)" {
		t.Error(got)
	}
	if got := logmask.Error(fault.New(fault.Unavailable, fault.GatewayDown, "gateway", "Stripe")); got != "unavailable: gateway_down (gateway=Stripe)" {
		t.Error(got)
	}
	if logmask.Error(errors.New("plain")) != "plain" {
		t.Error("an error of others was changed")
	}
}

func TestThroughZerolog(t *testing.T) {
	var out bytes.Buffer
	log := zerolog.New(logmask.Writer(&out))
	log.Warn().Str("to", "x").Str("detail", "for jean@exemple.fr").Interface("answer", map[string]any{"payer": map[string]string{"name": "Telltale"}}).Msg("card 4242424242424242")
	var back map[string]any
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if want := `{"level":"warn","to":"•••","detail":"for e-mail •••","answer":{"payer":"•••"},"message":"card card •••"}` + "\n"; out.String() != want {
		t.Errorf("%s\nwant %s", out.String(), want)
	}
}

// Whatever a line holds, masking ends, keeps JSON JSON, and leaves no address behind.
func FuzzLine(f *testing.F) {
	f.Add(`{"a":"b"}`)
	f.Add("{\"a\":\"\\u0000 {\\\"x\\\":1\"}\n")
	f.Add(`[[[{"a":`)
	f.Add("/p/abcdef@x.fr 4242424242424242")
	f.Fuzz(func(t *testing.T, s string) {
		got := logmask.Line([]byte(s))
		if json.Valid([]byte(s)) && strings.HasPrefix(strings.TrimSpace(s), "{") && !json.Valid(got) && !bytes.Contains(got, []byte("•••")) {
			t.Errorf("%q became %q", s, got)
		}
		line, err := json.Marshal(map[string]string{"field": s, "telltale": s + " telltale@exemple.fr"})
		if err != nil {
			return // not text
		}
		got = logmask.Line(line)
		if !json.Valid(got) || bytes.Contains(got, []byte("telltale@exemple.fr")) {
			t.Errorf("%s became %s", line, got)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	line := []byte(`{"level":"info","request":"req_38gw3mzr1frhactwrycd1y8408","method":"GET","route":"/c/:company/inbox/:id","status":200,"took":12.3,"time":"2026-06-16T10:00:00Z","message":"http"}` + "\n")
	for b.Loop() {
		logmask.Line(line)
	}
}
