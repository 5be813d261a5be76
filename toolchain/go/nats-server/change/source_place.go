// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the calls of it
// to stream.go.

package server

import (
	"encoding/json"
	"math"
)

// A durable source asks its consumer to begin behind what was acknowledged, whatever the sourcing stream holds. The two
// differ when the consumer's disk went back: it sends again what the stream has, under numbers that the stream has seen.
// That is dropped, and with it as many new messages; nothing is acknowledged, and once a whole window is out it stops for
// good.
//
// An ordinary source says where to begin. So does a durable one here, by a second request, which the API has for it.

// placeOfSource is the body of a request to reset the consumer of a durable source to where the stream is; nil if the
// consumer is not behind that, or if the stream knows no place: of a source that is new, or whose stream was made anew,
// the consumer's own place counts. So it does where it is ahead: somebody may have put it there, whose stream has what
// lies between by way of another source.
// Lock should be held.
func (mset *stream) placeOfSource(si *sourceInfo, info *ConsumerInfo, identity string) []byte {
	recreated := si.rc || (identity != _EMPTY_ && si.ident != _EMPTY_ && si.ident != identity)
	if recreated || si.sseq == 0 || beforeSource(info) >= si.sseq || info.Config.DeliverPolicy != DeliverAll {
		return nil
	}
	mset.srv.Noticef("JetStream stream '%s > %s' has source '%s' up to %d, and its consumer stands at %d: set to where the stream is",
		mset.acc.Name, mset.cfg.Name, si.name, si.sseq, beforeSource(info))
	body, _ := json.Marshal(JSApiConsumerResetRequest{Seq: si.sseq + 1})
	return body
}

// beforeSource is the sequence behind which a consumer begins that was made or reset a moment ago. A durable one may
// have sent messages since, which nobody heard: its acknowledgements stand where it was reset to.
func beforeSource(info *ConsumerInfo) uint64 {
	if info.Config.AckPolicy == AckFlowControl {
		return info.AckFloor.Stream
	}
	return info.Delivered.Stream
}

// askSourceAgain is for a message that the stream has not got, with a number that its consumer has used before: the
// consumer of a device whose disk went back counts from there, and a stream that goes by its count alone takes as many
// new messages for old ones as it was ahead. So the consumer is asked to begin again behind what the stream has. Until
// it has answered nothing is taken from it: once it has counted as far as the stream had, its next message would pass
// for the one that follows, and those before it would be gone for good.
// Lock should be held.
func (mset *stream) askSourceAgain(si *sourceInfo) {
	if ssi := mset.streamSource(si.iname); ssi != nil && ssi.Consumer != nil {
		// No number follows this one. The answer sets it back, and a heartbeat asks once more should there be none.
		si.dseq = math.MaxUint64
		mset.retrySourceConsumerAtSeq(si.iname, si.sseq+1)
	}
}
