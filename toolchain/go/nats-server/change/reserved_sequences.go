// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the calls of it
// to stream.go and jetstream_cluster.go.

package server

import (
	"errors"
	"strconv"
	"time"
)

// A server acknowledges a message before it is on disk. One that loses power comes back with fewer messages than it had
// handed out, goes on where its disk stands, and uses their sequences again. Whoever sources the stream takes a sequence
// that it has seen for a message that it has: as many new messages as were lost never arrive, and nobody says so. The
// same holds for a disk that is restored from a snapshot, with all that was stored since.
//
// So a stream whose metadata says how many messages a second it may take goes on further each time that a server takes
// it up, before anybody can store anything: by a reserve, which is more than a server has acknowledged and not on disk,
// and by what the stream may have taken since the last time that its store knows of. That time is the store's own, and
// goes back with it: however old a store is, the stream goes on behind what was stored since, unless it was taken up so
// often that the reserves of it come to more. Nothing that was written beside it has to be trusted, or can be lost.
//
// Sequences are skipped as the server skips them for a mirror: one record, whatever their number, that no consumer is
// ever given.

const (
	// reserveKey is the key of a stream's metadata: messages a second, on average over hours, that it may take.
	reserveKey = "leafline.reserve"
	// reserveBlock is skipped in any case. A server was not seen to acknowledge as many within the quarter of a second
	// that passes before they are on disk.
	reserveBlock = 65_536
	// reserveLongest is the longest time that is reckoned with, so that a wrong clock cannot use the sequences up.
	reserveLongest = 366 * 24 * time.Hour
	// reserveFastest is the largest rate that is taken from the metadata.
	reserveFastest = 1_000_000
)

// reserveRate is how many messages a second the stream may take, and whether its sequences are reserved at all.
func reserveRate(cfg *StreamConfig) (uint64, bool) {
	rate, err := strconv.ParseUint(cfg.Metadata[reserveKey], 10, 64)
	if err != nil || rate == 0 || cfg.Storage != FileStorage {
		return 0, false
	}
	return min(rate, reserveFastest), true
}

// reserveSequences moves a stream on that this server takes up. To be called before it listens to publishers.
// Lock should be held.
func (mset *stream) reserveSequences() error {
	rate, reserves := reserveRate(&mset.cfg)
	fs, ofFile := mset.store.(*fileStore)
	if !reserves || !ofFile {
		return nil
	}
	// One that is new begins with 1. One that has lost all it had does not; a server that is alone has not read yet when
	// that was made, and knows it by what it does with the store.
	recovered := mset.sa == nil && fs.recovering
	if mset.lseq == 0 && !recovered && mset.created.After(mset.srv.start) {
		return nil
	}
	var state StreamState
	fs.FastState(&state)
	since := state.LastTime
	if since.IsZero() {
		since = mset.created
	}
	first := mset.lseq + 1
	num := reserveBlock + rate*uint64(min(max(time.Since(since), 0), reserveLongest)/time.Second)
	if node := mset.node; node != nil {
		if !mset.srv.getOpts().getFeatureFlag(FeatureFlagJsRaftDeleteRange) {
			mset.srv.Warnf("JetStream stream '%s > %s' reserves no sequences: %s is off",
				mset.acc.Name, mset.cfg.Name, FeatureFlagJsRaftDeleteRange)
			return nil
		}
		if err := node.Propose(mset.term, encodeDeleteRange(&DeleteRange{First: first, Num: num})); err != nil {
			return err
		}
		// Messages that are proposed from now on come behind, also before this is applied.
		mset.clMu.Lock()
		mset.clseq = mset.lseq + num + mset.clfs
		mset.clMu.Unlock()
	} else if err := mset.skipReserved(first, num); err != nil {
		// Not an error of the caller's: that would delete a stream that cannot be taken up.
		mset.setWriteErrLocked(err)
		return nil
	} else {
		mset.lseq += num
	}
	mset.srv.Noticef("JetStream stream '%s > %s' came back with %d, goes on after %d",
		mset.acc.Name, mset.cfg.Name, first-1, first-1+num)
	return nil
}

// skipReserved is what a skipped range does to the store. Of a stream that reserves sequences, the last one bears the
// time: from then on nothing has been stored but what is there.
// Lock should be held.
func (mset *stream) skipReserved(first, num uint64) error {
	fs, ofFile := mset.store.(*fileStore)
	if _, reserves := reserveRate(&mset.cfg); !reserves || !ofFile || num < 2 {
		return mset.store.SkipMsgs(first, num)
	}
	if err := fs.skipInOwnBlock(first, num-1); err != nil {
		if errors.Is(err, ErrSequenceMismatch) && mset.node != nil {
			// A follower that has not all that the leader has gets it from there.
			return errLastSeqMismatch
		}
		return err
	}
	_, err := fs.SkipMsgNoInterest(first + num - 1)
	return err
}

// skipInOwnBlock skips at the beginning of a new block. In one with messages, though they be deleted, every single
// sequence is entered when its index is lost and made anew.
func (fs *fileStore) skipInOwnBlock(first, num uint64) error {
	fs.mu.Lock()
	if last := fs.state.LastSeq; first != last+1 {
		fs.mu.Unlock()
		return ErrSequenceMismatch
	}
	if fs.lmb != nil && !fs.isClosed() {
		if _, err := fs.newMsgBlockForWrite(); err != nil {
			fs.mu.Unlock()
			return err
		}
	}
	fs.mu.Unlock()
	return fs.SkipMsgs(first, num)
}
