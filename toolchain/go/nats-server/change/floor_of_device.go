// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the calls of it
// to jetstream.go and stream.go.

package server

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// A device's store that was put back to an older image after a clean end is a sound one: nothing in it says that the hub
// has more. So the device program says, beside the store, behind which sequence each stream goes on when nobody knows
// whether a store is the newest (device/gate.ts, topology/reserve.ts). That may be very far, so it is skipped as the
// server skips for a mirror: one record, whatever the number.

// floorsFile is what the device program writes down of a device's sequences, in the store_dir.
const floorsFile = "leafline/reserved.json"

// floorsMost is the size up to which that is read; it has some hundred bytes a stream.
const floorsMost = 4 << 20

// floorLast is the largest sequence that is taken from it: such a one is exact in JSON as well.
const floorLast = 1<<53 - 1

// floor is the sequence behind which the stream goes on, 0 if nobody has said so. What is said of a stream that was made
// anew since is of another one.
func (mset *stream) floor() uint64 {
	name := filepath.Join(mset.srv.getOpts().StoreDir, floorsFile)
	if info, err := os.Stat(name); err != nil || info.Size() > floorsMost {
		return 0
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return 0
	}
	var written struct {
		Reserved map[string]struct {
			Floor   uint64    `json:"floor"`
			Created time.Time `json:"created"`
		} `json:"reserved"`
	}
	if err := json.Unmarshal(text, &written); err != nil {
		return 0
	}
	own := written.Reserved[mset.cfg.Name]
	if own.Floor > floorLast || !own.Created.Equal(mset.created) {
		return 0
	}
	return own.Floor
}

// goBehindFloor moves a stream on that a server, which is alone, has read from its disk, if it stands before its floor. To
// be called before the server takes a client, and when it is known when the stream was made.
func (mset *stream) goBehindFloor() {
	mset.mu.Lock()
	defer mset.mu.Unlock()
	fs, ofFile := mset.store.(*fileStore)
	if !ofFile || mset.node != nil {
		return
	}
	from, floor := mset.lseq, mset.floor()
	if from >= floor {
		return
	}
	if err := fs.goOnAfter(floor); err != nil {
		// Not an error of the caller's: that would delete a stream that cannot be taken up.
		mset.setWriteErrLocked(err)
		return
	}
	mset.lseq = floor
	mset.srv.Noticef("JetStream stream '%s > %s' came back with %d, goes on after %d",
		mset.acc.Name, mset.cfg.Name, from, floor)
}

// goOnAfter makes a sequence that is not there yet the last one.
func (fs *fileStore) goOnAfter(last uint64) error {
	var state StreamState
	fs.FastState(&state)
	if state.Msgs == 0 {
		// Nothing is skipped where nothing is: its first sequence is another one.
		_, err := fs.purge(last + 1)
		return err
	}
	return fs.skipInOwnBlock(state.LastSeq+1, last-state.LastSeq)
}

// deletedMost is up to how many sequences without a message are told one by one: the server makes a list of them first.
const deletedMost = 1_000_000

// listsDeleted says whether a question for those sequences is answered with them. Where there are more, whoever may ask
// would have the server take more memory than there is.
func listsDeleted(store StreamStore) bool {
	var state StreamState
	store.FastState(&state)
	return state.NumDeleted <= deletedMost
}
