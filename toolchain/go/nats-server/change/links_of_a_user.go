// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the call of it
// to leafnode.go.

package server

import "github.com/nats-io/jwt/v2"

// An account bounds its leaf connections all together, and nothing bounds those of one user. Whoever took the
// credentials of one device could therefore use up the connections of a whole fleet, and a device whose link breaks
// would not be let in again.

// maxLeafsOfUser is how many leaf connections of one user a server takes. A device has one. Another one with the same
// name replaces the one before it; more than these are there only under other names.
const maxLeafsOfUser = 8

// tooManyLeafsOfUser reports whether a leaf connection that was just added is one too many of its user, and says so in
// the log. That is for users of signing keys, which are devices; administrators may have as many as they like.
func (s *Server) tooManyLeafsOfUser(c *client) bool {
	c.mu.Lock()
	user, token := c.user, c.opts.JWT
	c.mu.Unlock()
	if user == nil || user.SigningKey == _EMPTY_ {
		return false
	}
	s.mu.RLock()
	leafs := make([]*client, 0, len(s.leafs))
	for _, leaf := range s.leafs {
		leafs = append(leafs, leaf)
	}
	s.mu.RUnlock()
	count := 0
	for _, leaf := range leafs {
		leaf.mu.Lock()
		if leaf.user != nil && leaf.user.Nkey == user.Nkey && !leaf.isClosed() {
			count++
		}
		leaf.mu.Unlock()
	}
	if count <= maxLeafsOfUser {
		return false
	}
	name := user.Nkey
	if claims, err := jwt.DecodeUserClaims(token); err == nil {
		name = claims.Name
	}
	c.Errorf("User %q has %d leaf node connections here already, and no more are taken", name, maxLeafsOfUser)
	return true
}
