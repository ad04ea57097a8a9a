package pluginhost

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/acquit-app/acquit/plugins/sandbox/drive"
)

var (
	killedSeed   = flag.Uint64("killed.seed", 20261127, "seed of the test that kills the sandbox under each call")
	killedRounds = flag.Int("killed.rounds", 10, "how often it does so for each call")
)

// victims is a stage on which a test kills the sandbox under its calls.
type victims struct {
	*stage
	t   *testing.T
	ctx context.Context
	g   gateway.Gateway
	p   *program
	rnd *rand.Rand
	hit int // kills that ended a call under way, or the process before it answered
}

// under makes a call while the program is killed, at a point that the seed chooses: a number of turns of the processor
// after the call began. It returns the call's error.
func (v *victims) under(f func() error) error {
	v.t.Helper()
	v.p.mu.Lock()
	proc := v.p.now
	v.p.mu.Unlock()
	turns := v.rnd.IntN(1 << v.rnd.IntN(25))
	done := make(chan error, 1)
	go func() { done <- f() }()
	spin(turns)
	if proc == nil || !proc.alive() {
		return <-done
	}
	select {
	case err := <-done:
		_ = proc.run.Kill(v.ctx)
		return err
	default:
	}
	v.hit++
	_ = proc.run.Kill(v.ctx)
	return <-done
}

func spin(turns int) {
	x := uint64(turns)
	for range turns {
		x = x*6364136223846793005 + 1
	}
	if x == 42 {
		fmt.Fprint(os.Stderr, "") // the turns must not be optimised away
	}
}

// settled repeats a call, with its key, until it is answered.
func (v *victims) settled(what string, f func() error) {
	v.t.Helper()
	eventually(v.t, what, func() bool { return f() == nil })
}

// TestKilledUnderEachCall kills the sandbox under CreateCheckout, SettleCheckout with capture, Refund and ListPayments, again
// and again. Nothing is lost and nothing happens twice.
func TestKilledUnderEachCall(t *testing.T) {
	relaxed := usual
	relaxed.pause, relaxed.longest, relaxed.tries = time.Millisecond, 10*time.Millisecond, 10_000
	s := newStage(t, relaxed, "sandbox")
	p, err := s.host.program("sandbox")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d", *killedSeed)
	v := &victims{stage: s, t: t, ctx: t.Context(), g: s.line(t, "sandbox", "one"), p: p, rnd: rand.New(rand.NewPCG(*killedSeed, 1))}
	refunder, ok := v.g.(gateway.Refunder)
	if !ok {
		t.Fatal("the sandbox cannot refund")
	}
	const back = 1_000
	for i := range *killedRounds {
		key := "att_" + strconv.Itoa(i)
		var page gateway.Checkout
		create := func() (err error) {
			got, err := v.g.CreateCheckout(v.ctx, request(key))
			if err == nil && page.SessionID != "" && got.SessionID != page.SessionID {
				t.Errorf("%s opened %s and %s", key, page.SessionID, got.SessionID)
			}
			if err == nil {
				page = got
			}
			return err
		}
		_ = v.under(create)
		v.settled("the page is there", create)

		v.settled("the payer agrees", func() error {
			console, err := drive.Of(page.URL)
			if err != nil {
				return err
			}
			_, err = console.Pay(v.ctx, page.SessionID, sandbox.Approves)
			return err
		})
		var paid gateway.Payment
		capture := func() error {
			st, err := v.g.SettleCheckout(v.ctx, gateway.SettleRequest{SessionID: page.SessionID, IdempotencyKey: key + ":capture", Capture: true})
			if err != nil {
				return err
			}
			if st.State != gateway.CheckoutPaid || len(st.Payments) != 1 || paid.ID != "" && paid.ID != st.Payments[0].ID {
				t.Errorf("%s is %s with %d payments, %s before", key, st.State, len(st.Payments), paid.ID)
				return nil
			}
			paid = st.Payments[0]
			return nil
		}
		_ = v.under(capture)
		v.settled("the money is taken", capture)

		var given gateway.Payment
		refund := func() error {
			r, err := refunder.Refund(v.ctx, gateway.RefundRequest{IdempotencyKey: "ref_" + key, PaymentID: paid.ID, Amount: money.Of(back, money.EUR)})
			if err == nil && given.ID != "" && given.ID != r.ID {
				t.Errorf("%s was refunded as %s and %s", key, given.ID, r.ID)
			}
			if err == nil {
				given = r
			}
			return err
		}
		_ = v.under(refund)
		v.settled("the refund is made", refund)

		// The list is read from its beginning, killed under one of its pages.
		payments, refunds := map[string]bool{}, map[string]bool{}
		killAt := v.rnd.IntN(i + 1)
		for r, n := (gateway.ListRequest{Limit: 2}), 0; ; n++ {
			var got gateway.Page
			list := func() (err error) { got, err = v.g.ListPayments(v.ctx, r); return err }
			if n == killAt {
				_ = v.under(list)
			}
			v.settled("a page of the list", list)
			for _, m := range got.Payments {
				switch m.Kind {
				case gateway.KindPayment:
					payments[m.ID] = true
				case gateway.KindRefund:
					refunds[m.ID] = true
				}
			}
			if r.Cursor = got.Next; got.CaughtUp {
				break
			}
		}
		if len(payments) != i+1 || len(refunds) != i+1 || !payments[paid.ID] || !refunds[given.ID] {
			t.Fatalf("round %d: %d payments and %d refunds are listed", i, len(payments), len(refunds))
		}
	}
	var balance []money.Money
	v.settled("the balance", func() (err error) { balance, err = v.g.(gateway.BalanceReader).Balance(v.ctx); return err })
	if want := int64(*killedRounds) * (120_000 - 1705 - back); len(balance) != 1 || balance[0].Minor() != want {
		t.Errorf("it holds %v, not %d", balance, want)
	}
	started := strings.Count(s.log.String(), "gateway started")
	if v.hit < *killedRounds || started < *killedRounds {
		t.Errorf("only %d kills came while a call was under way, and the program was started %d times", v.hit, started)
	}
	t.Logf("%d of %d kills came while a call was under way", v.hit, 4**killedRounds)
}

// stopped stops the sandbox's process and returns its id; it is let go on when the test ends, if it is still there.
func (v *victims) stopped() int {
	v.t.Helper()
	v.p.mu.Lock()
	pid, err := strconv.Atoi(v.p.now.run.ID())
	v.p.mu.Unlock()
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGSTOP)
	}
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	eventually(v.t, "the process is stopped", func() bool {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err == nil && strings.Contains(string(b), ") T ")
	})
	return pid
}

// TestStoppedUnderACall stops the sandbox with a signal. One that is let go on answers the call that waited; one that is not
// is killed, and the call is made on the next process, with the same result.
func TestStoppedUnderACall(t *testing.T) {
	for what, l := range map[string]limits{"let go on": usual, "left": impatient} {
		t.Run(what, func(t *testing.T) {
			if what == "let go on" {
				l.slow = time.Hour // nobody looks before it goes on
			}
			s := newStage(t, l, "sandbox", "plain")
			p, err := s.host.program("sandbox")
			if err != nil {
				t.Fatal(err)
			}
			v := &victims{stage: s, t: t, ctx: t.Context(), g: s.line(t, "sandbox", "one"), p: p}
			before, err := v.g.CreateCheckout(v.ctx, request("att_before"))
			if err != nil {
				t.Fatal(err)
			}
			pid := v.stopped()
			type answer struct {
				page gateway.Checkout
				err  error
			}
			done := make(chan answer, 1)
			go func() { page, err := v.g.CreateCheckout(v.ctx, request("att_before")); done <- answer{page, err} }()
			pidOf(t, s.line(t, "plain", "one")) // the other gateway answers meanwhile
			if what == "let go on" {
				select {
				case a := <-done:
					t.Fatalf("a stopped program answered: %+v", a)
				default:
				}
				if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
			}
			if a := <-done; a.err != nil || a.page.SessionID != before.SessionID {
				t.Errorf("the call that waited was answered with %q, not %q (%v)", a.page.SessionID, before.SessionID, a.err)
			}
			if what == "left" {
				eventually(t, "the stopped process is killed", func() bool { return gone(pid) })
			}
			if again, err := v.g.CreateCheckout(v.ctx, request("att_before")); err != nil || again.SessionID != before.SessionID {
				t.Errorf("afterwards: %q (%v)", again.SessionID, err)
			}
		})
	}
}
