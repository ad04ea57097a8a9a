package fiberweb

import (
	"net"
	"sync"
)

// silent is a listener that knows which of its connections have not sent a byte. Browsers open some in advance; the HTTP
// server below takes them for requests in progress, and would wait for them when it stops.
type silent struct {
	net.Listener
	mu    sync.Mutex
	over  bool
	conns map[*conn]struct{}
}

func newSilent(ln net.Listener) *silent { return &silent{Listener: ln, conns: map[*conn]struct{}{}} }

// Accept implements net.Listener.
func (l *silent) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: accepted, l: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		_ = accepted.Close()
	} else {
		l.conns[c] = struct{}{}
	}
	return c, nil
}

// hangUp closes the connections that have not sent anything, now and later.
func (l *silent) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	for c := range l.conns {
		_ = c.Conn.Close()
	}
	clear(l.conns)
}

func (l *silent) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// conn is a connection of a silent listener. It is read by one goroutine.
type conn struct {
	net.Conn
	l     *silent
	spoke bool
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.spoke {
		c.spoke = true
		c.l.forget(c)
	}
	return n, err
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.l.forget(c)
	return c.Conn.Close()
}
