// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the call of it
// to leafnode.go.

package server

// A leaf node that connects sends what compression it takes before anything else writes to the connection. When that
// fails, because the link broke a moment after it was there, the connection is marked as closed and no more: nothing
// writes to it yet, and what reads from it ends without a word. Only a connection that has been closed is made anew, so
// a device was never heard of again until somebody restarted its server.

// closeLost closes a connection that was lost while its compression was agreed on, so that it is made anew.
func (c *client) closeLost() {
	c.mu.Lock()
	lost := c.isClosed()
	c.mu.Unlock()
	if lost {
		c.closeConnection(WriteError)
	}
}
