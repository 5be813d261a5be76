// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the calls of it
// to filestore.go.

package server

// A purge writes down which messages are gone before it ends. When the disk has no room for that, the store counts anew
// what it holds, which takes the lock that the purge has: the server waits for itself. That stream answers nobody any
// more, not even whoever wants what it holds, nor does anything that looks at all streams, and the server does not end
// when it is told to. A device that makes room for messages while its disk is full gets there.

// flushPendingOfPurge writes what is pending, for a caller that has the lock of the store.
// Lock of the store should be held.
func (mb *msgBlock) flushPendingOfPurge() error {
	mb.mu.Lock()
	lost, err := mb.flushPendingMsgsLocked()
	fs := mb.fs
	mb.mu.Unlock()
	if lost != nil && fs != nil {
		fs.rebuildStateLocked(lost)
	}
	return err
}
