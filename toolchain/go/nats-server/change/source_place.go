// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the calls of it
// to stream.go and filestore.go.

package server

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
)

// A durable source asks its consumer to begin behind what was acknowledged, whatever the sourcing stream holds. The two
// differ when a disk went back. A consumer whose own disk did sends again what the stream has, under numbers that the
// stream has seen: that is dropped, and with it as many new messages; nothing is acknowledged, and once a whole window is
// out it stops for good. A stream that lost its newest messages has acknowledged what it does not hold any more: the
// consumer goes on behind that, and what lies between is on the other side and never sent.
//
// An ordinary source says where to begin. So does a durable one here, by a second request, which the API has for it.

// Metadata of a stream that says where its sources begin when it holds nothing of them; topology/begin.ts writes it.
const (
	// "first": at the first message, whatever somebody else has acknowledged. Without it the consumer's own place counts.
	beginOfSources = "leafline.begin"
	// With the name of a sourced stream behind it, "<sequence> <identity>": behind that one, which the stream has by
	// another source; of the sourced stream with that identity alone.
	beginOfSource = beginOfSources + "."
)

// placeOfSource is the body of a request to reset the consumer of a durable source to where the stream is; nil if it is
// there, or if the stream does not know for certain.
// Lock should be held.
func (mset *stream) placeOfSource(si *sourceInfo, info *ConsumerInfo, identity string) []byte {
	place, certain := mset.placeIn(si, identity)
	before := beforeSource(info)
	if before == place || (before > place && !certain) || info.Config.DeliverPolicy != DeliverAll {
		return nil
	}
	mset.srv.Noticef("JetStream stream '%s > %s' has source '%s' up to %d, and its consumer stands at %d: set to where the stream is",
		mset.acc.Name, mset.cfg.Name, si.name, place, before)
	body, _ := json.Marshal(JSApiConsumerResetRequest{Seq: place + 1})
	return body
}

// placeIn is the sequence up to which the stream has a source, and whether it may be relied on where that is less than
// was acknowledged.
// Lock should be held.
func (mset *stream) placeIn(si *sourceInfo, identity string) (uint64, bool) {
	place, certain := si.sseq, si.sseq > 0 || !mset.lostSources()
	fromFirst := mset.cfg.Metadata[beginOfSources] == "first"
	if si.rc || (identity != _EMPTY_ && si.ident != _EMPTY_ && si.ident != identity) {
		// All that it knows is of a stream that is not there any more.
		place, certain = 0, true
	}
	// An older server does not say which stream it is.
	if identity == _EMPTY_ {
		return place, false
	}
	if begin, ok := strings.CutSuffix(mset.cfg.Metadata[beginOfSource+si.name], " "+identity); ok {
		if seq, err := strconv.ParseUint(begin, 10, 64); err == nil {
			place = max(place, seq)
		}
	}
	return place, certain && (place > 0 || fromFirst)
}

// lostSources says whether the stream's index of its sources was lost together with messages that have aged out or were
// purged: what it does not hold of a source it may have had.
func (mset *stream) lostSources() bool {
	fs, ok := mset.store.(*fileStore)
	if !ok {
		return false
	}
	fs.mu.RLock()
	defer fs.mu.RUnlock()
	return fs.sourcesLost
}

// sourcesFrom is the sequence from which on messages are looked at for the sources that they are of; what lies before is
// in the index. An index that knows more messages than there are is of messages that a power cut took: nothing in it
// holds, neither for a source that only those were of, nor once as many others have come.
// Lock should be held.
func (fs *fileStore) sourcesFrom(indexed uint64, err error) uint64 {
	ahead := indexed > fs.state.LastSeq+1
	if ahead {
		fs.sources, indexed = nil, 0
		_ = os.Remove(fs.sourcesStatePath())
	}
	fs.sourcesLost = (err != nil || ahead) && fs.state.FirstSeq > 1
	return max(indexed, fs.state.FirstSeq)
}

// beforeSource is the sequence behind which a consumer begins that was made or reset a moment ago. A durable one may
// have sent messages since, which nobody heard: its acknowledgements stand where it was reset to.
func beforeSource(info *ConsumerInfo) uint64 {
	if info.Config.AckPolicy == AckFlowControl {
		return info.AckFloor.Stream
	}
	return info.Delivered.Stream
}

// beyondDeliveries is no number of a delivery, and neither is the next one: those are read as an int64, or as -1. As one
// it is below every number that an answer of flow control can bring.
const beyondDeliveries = 1 << 63

// askSourceAgain is for a message that the stream has not got, with a number that its consumer has used before: the
// consumer of a device whose disk went back counts from there, and a stream that goes by its count alone takes as many
// new messages for old ones as it was ahead. So the consumer is asked to begin again behind what the stream has. Until
// it has answered nothing is taken from it: once it has counted as far as the stream had, its next message would pass
// for the one that follows, and those before it would be gone for good.
// Lock should be held.
func (mset *stream) askSourceAgain(si *sourceInfo) {
	if ssi := mset.streamSource(si.iname); ssi != nil && ssi.Consumer != nil {
		// The answer sets it back, and a heartbeat asks once more should there be none.
		si.dseq = beyondDeliveries
		mset.retrySourceConsumerAtSeq(si.iname, si.sseq+1)
	}
}
