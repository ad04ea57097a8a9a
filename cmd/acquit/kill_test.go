package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/acquit-app/acquit/plugins/sandbox/drive"
)

var (
	killSeed  = flag.Uint64("kill.seed", 20261123, "seed of the kill test")
	killTimes = flag.Int("kill.times", 24, "how often the kill test kills")
)

// TestKill kills acquit and its gateway, the real programs, at random moments of a run of sales, payments and integrations,
// and starts acquit again. When all is quiet, every payment that the sandbox took is posted exactly once, no number is
// missing, and the gateway's account holds what the sandbox holds.
func TestKill(t *testing.T) {
	onEach(t, func(i *installation) {
		k := newKilling(i)
		k.start()
		defer k.end()
		over := make(chan struct{})
		var payers sync.WaitGroup
		for n := range 4 {
			rnd := rand.New(rand.NewPCG(*killSeed, uint64(n)+1))
			payers.Go(func() {
				for number := 0; ; number++ {
					select {
					case <-over:
						return
					default:
					}
					if err := k.sell(fmt.Sprintf("%d-%d", n, number), rnd); err != nil {
						t.Errorf("sale %d-%d: %v", n, number, err)
						return
					}
				}
			})
		}
		k.killOften()
		close(over)
		payers.Wait()
		if !t.Failed() {
			k.settle()
			k.stop()
			k.check()
		}
	})
}

// killing is an installation whose programs are killed.
type killing struct {
	*installation
	apiClient
	customer string
	address  string
	log      *os.File

	steps atomic.Int64 // done by payers and accountants
	mu    sync.Mutex
	sales []string // ids of invoices
	later []string // payments whose fee the sandbox has not told
	cmd   *exec.Cmd
}

func newKilling(i *installation) *killing {
	i.t.Helper()
	k := &killing{installation: i}
	token := i.token()
	h := i.house()
	c := testCustomer("Boulangerie Aux Trois Épis", "compta@troisepis.example")
	c.MethodID = i.online
	c, err := h.app.CreateCustomer(i.ctx, i.who, c)
	i.must(err)
	k.customer = c.ID
	i.must(h.Close())
	// The address must outlive restarts: pay links and sessions carry it.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	i.must(err)
	k.address = ln.Addr().String()
	i.base = "http://" + k.address
	k.apiClient = apiClient{i.base, token}
	i.must(ln.Close())
	k.log, err = os.Create(filepath.Join(i.data, "acquit.log"))
	i.must(err)
	i.t.Cleanup(func() {
		_ = k.log.Close()
		if said, err := os.ReadFile(k.log.Name()); err == nil && i.t.Failed() {
			i.t.Logf("seed %d; the end of the log:\n%s", *killSeed, said[max(0, len(said)-8000):])
		}
	})
	return k
}

// start runs the real program and waits until it answers.
func (k *killing) start() {
	k.t.Helper()
	args := append([]string{"serve", "--listen", k.address}, k.flags()...)
	k.cmd = exec.CommandContext(context.WithoutCancel(k.ctx), filepath.Join(k.bin, "acquit"), args...)
	k.cmd.Stdout, k.cmd.Stderr = k.log, k.log
	k.must(k.cmd.Start())
	k.until("acquit answers", func() bool {
		res, err := http.Get(k.base + "/login")
		if err != nil {
			return false
		}
		return res.Body.Close() == nil && res.StatusCode == http.StatusOK
	})
}

// stop ends acquit as an operator does.
func (k *killing) stop() {
	k.t.Helper()
	k.must(k.cmd.Process.Signal(syscall.SIGTERM))
	if err := k.cmd.Wait(); err != nil {
		k.t.Errorf("acquit ended: %v", err)
	}
	k.cmd = nil
}

func (k *killing) end() {
	if k.cmd != nil {
		_ = k.cmd.Process.Kill()
		_ = k.cmd.Wait()
	}
}

// killOften lets a random number of steps be done and kills, again and again. Others are in the midst of theirs.
func (k *killing) killOften() {
	k.t.Helper()
	rnd := rand.New(rand.NewPCG(*killSeed, 0))
	for range *killTimes {
		target := k.steps.Load() + 1 + rnd.Int64N(10)
		k.until("the payers get on", func() bool { return k.t.Failed() || k.steps.Load() >= target })
		if k.t.Failed() {
			return
		}
		if plugins := children(k.t, k.cmd.Process.Pid); len(plugins) > 0 && rnd.IntN(5) < 2 {
			for _, pid := range plugins {
				_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
			}
			continue
		}
		k.must(k.cmd.Process.Kill())
		_ = k.cmd.Wait() // says that it was killed
		k.start()
	}
}

// children are the processes that a process has started.
func children(t *testing.T, parent int) []int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, file := range all {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid …, where the name may hold anything
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, pid)
		}
	}
	return out
}

// sell makes an invoice, has it paid on the gateway's page, and presses OK now and then. Each step is tried until it is done.
func (k *killing) sell(name string, rnd *rand.Rand) error {
	var invoice struct {
		ID string `json:"id"`
	}
	amount := fmt.Sprintf("%d.%02d", 10+rnd.IntN(2000), rnd.IntN(100))
	vat := []string{"S20B", "S20S"}[rnd.IntN(2)]
	err := k.again("invoice", func() error {
		return k.call(http.MethodPost, "/invoices", "create-"+name, map[string]any{"customer_id": k.customer, "method_id": k.online,
			"lines": []map[string]any{{"description": "Article " + name, "quantity": "1", "unit_price": amount, "vat_code": vat}}}, &invoice)
	})
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.sales = append(k.sales, invoice.ID)
	k.mu.Unlock()
	if err := k.again("issue", func() error {
		return k.call(http.MethodPost, "/invoices/"+invoice.ID+"/issue", "issue-"+name, nil, nil)
	}); err != nil {
		return err
	}
	var link struct {
		URL string `json:"url"`
	}
	if err := k.again("link", func() error { return k.call(http.MethodGet, "/pay-links/"+invoice.ID, "", nil, &link) }); err != nil {
		return err
	}
	session := ""
	if err := k.again("start", func() (err error) { session, err = openCheckout(link.URL); return err }); err != nil {
		return err
	}
	fee := []string{"now", "now", "later"}[rnd.IntN(3)]
	hook := []string{"once", "twice", "reordered", "never"}[rnd.IntN(4)]
	paid := ""
	if err := k.again("pay", func() (err error) { paid, err = k.pay(link.URL, session, fee, hook); return err }); err != nil {
		return err
	}
	if fee == "later" {
		k.mu.Lock()
		k.later = append(k.later, paid)
		k.mu.Unlock()
	}
	if rnd.IntN(3) > 0 {
		_ = visit(link.URL + "/return") // the payer may never come back
	}
	if rnd.IntN(2) == 0 {
		return k.again("integrate", k.integrate)
	}
	return nil
}

// again tries until it is done. Every answer but success is taken for the weather.
func (k *killing) again(what string, do func() error) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	pause := 10 * time.Millisecond
	for {
		err := do()
		if err == nil {
			k.steps.Add(1)
			return nil
		}
		next := time.NewTimer(pause)
		select {
		case <-next.C:
			pause = min(2*pause, time.Second)
		case <-late.C:
			next.Stop()
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}

func (k *killing) integrate() error {
	return k.call(http.MethodPost, "/arrivals/integrate", "", map[string]any{"all": true}, nil)
}

// visit opens a page and asks for nothing more.
func visit(address string) error {
	res, err := http.Get(address)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

var formToken = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// openCheckout presses the button of a pay page and returns the sandbox's session.
func openCheckout(link string) (string, error) {
	page, err := press(link)
	if err != nil {
		return "", err
	}
	_, session, ok := strings.Cut(page, "/pay/")
	if !ok {
		return "", fmt.Errorf("the button leads to %q", page)
	}
	return session, nil
}

// pay pays on the sandbox's page, once: when the answer is lost, it looks before it tries again.
func (k *killing) pay(link, session, fee, hook string) (string, error) {
	box, err := drive.In(filepath.Join(k.data, "gateways", "state", "sandbox"))
	if err != nil {
		return "", err
	}
	s, err := box.Session(k.ctx, session)
	if err != nil {
		_ = visit(link + "/return") // asks the gateway, which starts its program
		return "", err
	}
	if len(s.Payments) > 0 {
		return s.Payments[0], nil
	}
	v, err := box.Pay(k.ctx, session, sandbox.Pays, "fee", fee, "webhook", hook)
	if err != nil {
		return "", err
	}
	return v.Payments[0], nil
}

// settle tells the fees that are not told yet, then polls and integrates until nothing is left to do.
func (k *killing) settle() {
	k.t.Helper()
	poll := func() error { return k.call(http.MethodPost, "/connections/"+k.conn.ID+"/refresh", "", nil, nil) }
	k.must(k.again("poll", poll))
	box := k.console()
	for _, id := range k.later {
		_, err := box.Do(k.ctx, k.conn.AccountID, "reveal_fee", "id", id)
		k.must(err)
	}
	k.until("all is integrated", func() bool {
		k.must(k.again("poll", poll))
		k.must(k.again("integrate", k.integrate))
		todo, err := k.store.Arrivals(k.ctx, k.company, app.ArrivalQuery{ToDo: true, Paging: app.Paging{Limit: 1}})
		k.must(err)
		seen, err := k.store.Arrivals(k.ctx, k.company, app.ArrivalQuery{Paging: app.Paging{Limit: 1000}})
		k.must(err)
		return len(todo.Items) == 0 && len(seen.Items) >= len(k.sales)
	})
}

// check compares the books with what the sandbox remembers.
func (k *killing) check() {
	k.t.Helper()
	box := sandbox.New(sandbox.Options{Dir: filepath.Join(k.data, "gateways", "state", "sandbox")})
	defer func() { _ = box.Close() }()
	provider, err := box.Provider()
	k.must(err)
	there, err := provider.Console(k.conn.AccountID, 10_000)
	k.must(err)

	// Each payment: one receipt of its gross and one commission of its fee on the gateway's account, under its reference.
	type sums struct{ debits, credits []int64 }
	posted := map[string]sums{}
	k.must(k.store.Lines(k.ctx, k.company, app.LineQuery{}, func(l *app.ExportLine) error {
		if l.Account == k.conn.GatewayAccount {
			s := posted[l.Piece]
			if l.Debit > 0 {
				s.debits = append(s.debits, l.Debit)
			} else {
				s.credits = append(s.credits, l.Credit)
			}
			posted[strings.Clone(l.Piece)] = s
		}
		return nil
	}))
	arrivals, err := k.store.Arrivals(k.ctx, k.company, app.ArrivalQuery{Paging: app.Paging{Limit: 10_000}})
	k.must(err)
	seen := map[string]int{}
	for _, a := range arrivals.Items {
		seen[a.ExternalID]++
		if a.State != inbox.Integrated {
			k.t.Errorf("%s is %s %s", a.ExternalID, a.State, a.Flags)
		}
	}
	payments := 0
	for _, m := range there.Movements {
		if m.Kind != gateway.KindPayment || m.State != gateway.Succeeded {
			k.t.Errorf("the sandbox has a %s, %s", m.Kind, m.State)
			continue
		}
		payments++
		s := posted[m.ID]
		if !slices.Equal(s.debits, []int64{m.Gross.Minor()}) || !slices.Equal(s.credits, []int64{m.Fee.Minor()}) {
			k.t.Errorf("%s of %s, fee %s, is posted as debits %d and credits %d", m.ID, m.Gross, m.Fee, s.debits, s.credits)
		}
		if seen[m.ID] != 1 {
			k.t.Errorf("%s came %d times", m.ID, seen[m.ID])
		}
	}
	if payments != len(k.sales) || len(posted) != payments || len(arrivals.Items) != payments {
		k.t.Errorf("%d sales, %d payments at the sandbox, %d posted, %d arrivals", len(k.sales), payments, len(posted), len(arrivals.Items))
	}
	held := int64(0)
	for _, b := range there.Balance {
		if b.Currency() == money.EUR {
			held += b.Minor()
		}
	}
	balance, err := k.store.Balance(k.ctx, k.company, k.conn.GatewayAccount, "")
	k.must(err)
	if balance != held || held == 0 {
		k.t.Errorf("the gateway's account holds %d, the sandbox %d", balance, held)
	}
	if due, err := k.store.Balance(k.ctx, k.company, "411000", ""); err != nil || due != 0 {
		k.t.Errorf("customers owe %d (%v)", due, err)
	}

	// Each sale: one invoice, paid; numbers without a gap.
	numbers := map[string]bool{}
	for _, id := range k.sales {
		v, err := k.store.Invoice(k.ctx, k.company, id)
		k.must(err)
		if v.Due() != 0 {
			k.t.Errorf("%s: %d are due", v.Number, v.Due())
		}
		numbers[v.Number] = true
	}
	all, err := k.store.Invoices(k.ctx, k.company, app.InvoiceQuery{Paging: app.Paging{Limit: 10_000}})
	k.must(err)
	highest := ""
	for _, v := range all.Items {
		highest = max(highest, v.Number)
	}
	if len(numbers) != len(k.sales) || len(all.Items) != len(k.sales) || !strings.HasSuffix(highest, fmt.Sprintf("-%05d", len(k.sales))) {
		k.t.Errorf("%d sales made %d invoices with %d numbers, the highest is %s", len(k.sales), len(all.Items), len(numbers), highest)
	}
	out, err := exec.Command(filepath.Join(k.bin, "acquit"), append([]string{"verify"}, k.flags()...)...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "sound") {
		k.t.Errorf("verify: %v\n%s", err, out)
	}
	k.t.Logf("%d kills, %d sales, %d of them with a late fee", *killTimes, len(k.sales), len(k.later))
}
