// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the calls of it
// to stream.go.

package server

import "time"

// Which stream is on the other side a source asks when it sets up its consumer, and not again while messages and
// heartbeats come. A device whose stream was made anew (another disk, deleted and made again) may be back before that:
// its consumer has the same name and delivers to the same subject. A stream that goes by the sequences alone drops as
// many of the new messages as it had of the old stream, acknowledges them on top of that, and takes the rest for those
// of the old one; when it hears at last that the stream is another one, it takes those again.
//
// A durable source never gets a message that it has: its consumer was set behind that. So one that comes is a reason to
// ask. Until there is an answer nothing more is taken, and nothing is acknowledged.
//
// A stream that had nothing of the old one, or less than lies before the first message of the new one, is shown no such
// message. Its first delivery of all passes for that of the consumer which it asked: as long as nothing of it has come,
// both number it 1. All of the new stream is then stored under the identity of the old one, and comes again when the
// source next asks. So it asks where that delivery neither goes on where the stream is, nor was there when it asked.

// doubtsSource is for a message that the stream has already, by its sequence. It reports whether the source asks again;
// not where its consumer is known to stand behind what the stream has, and does not go where it is set.
// Lock should be held.
func (mset *stream) doubtsSource(si *sourceInfo) bool {
	ssi := mset.streamSource(si.iname)
	if ssi == nil || ssi.Consumer == nil || si.behind {
		return false
	}
	// Without a subscription it is asking already, and this was in the queue.
	if si.sub != nil {
		mset.cancelSourceInfo(si)
		mset.retrySourceConsumerAtSeq(si.iname, si.sseq+1)
	}
	return true
}

// doubtsMost is how often a source asks because of a first delivery that it then gets again.
const doubtsMost = 3

// heardOf keeps what the consumer of a source told when it was asked.
// Lock should be held.
func (si *sourceInfo) heardOf(info *ConsumerInfo) {
	si.heard = time.Time{}
	if info.NumPending+uint64(info.NumAckPending) > 0 {
		si.heard = info.TimeStamp
	}
}

// doubtsFirst is for the first delivery since a durable source asked for its consumer, of a message that the stream has
// not got. It reports whether the source asks again, which brings that message once more.
// Lock should be held.
func (mset *stream) doubtsFirst(si *sourceInfo, reply string) bool {
	if si.dseq != 0 {
		return false
	}
	ssi := mset.streamSource(si.iname)
	// An older server does not say which stream it is, however often it is asked.
	if ssi == nil || ssi.Consumer == nil || si.ident == _EMPTY_ {
		return false
	}
	sseq, dseq, _, stored, _ := ackReplyInfo(reply)
	if dseq != 1 || sseq <= si.sseq {
		return false
	}
	goesOn := si.sseq > 0 && sseq == si.sseq+1
	// Both by the clock of the other side. What a stream holds that is made later was stored later.
	wasThere := !si.heard.IsZero() && stored <= si.heard.UnixNano()
	if goesOn || wasThere || si.doubts >= doubtsMost {
		si.doubts = 0
		return false
	}
	if si.sub != nil {
		si.doubts++
		mset.cancelSourceInfo(si)
		mset.retrySourceConsumerAtSeq(si.iname, si.sseq+1)
	}
	return true
}

// isAsking reports whether a durable source has let go of its consumer and has not found it again: what still comes of
// it was in the queue.
// Lock should be held.
func (mset *stream) isAsking(si *sourceInfo) bool {
	ssi := mset.streamSource(si.iname)
	return ssi != nil && ssi.Consumer != nil && si.sub == nil
}
