// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the calls of it
// to client.go and stream.go.

package server

import "strings"

// Permissions say on what a client may publish. Two subjects it only names, and the server publishes there for it, in
// the client's account and without a look at its permissions: the reply of a request, and where a stream of its making
// republishes. Of the JetStream API an empty message purges or deletes a stream, and a request that finds nothing is
// answered with one.

// mayHear reports whether a client may name a subject for a reply: only one that it may listen on itself.
func (c *client) mayHear(reply []byte) bool {
	c.mu.Lock()
	perms := c.perms
	c.mu.Unlock()
	if perms == nil {
		return true
	}
	subject := bytesToString(reply)
	if allow := perms.sub.allow; allow != nil {
		if np, nq := allow.NumInterest(subject); np+nq == 0 {
			return false
		}
	}
	if deny := perms.sub.deny; deny != nil {
		if np, _ := deny.NumInterest(subject); np > 0 {
			return false
		}
	}
	return true
}

// isOfServer reports whether a subject is one on which servers talk, where no stream has anything to republish.
func isOfServer(subject string) bool {
	for _, prefix := range []string{"$JS.", "$JSC.", "$SYS.", "_R_."} {
		if strings.HasPrefix(subject, prefix) {
			return true
		}
	}
	return false
}
