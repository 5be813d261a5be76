// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the calls of it
// to stream.go.

package server

// Which stream is on the other side a source asks when it sets up its consumer, and not again while messages and
// heartbeats come. A device whose stream was made anew (another disk, deleted and made again) may be back before that:
// its consumer has the same name and delivers to the same subject. A stream that goes by the sequences alone drops as
// many of the new messages as it had of the old stream, acknowledges them on top of that, and takes the rest for those
// of the old one; when it hears at last that the stream is another one, it takes those again.
//
// A durable source never gets a message that it has: its consumer was set behind that. So one that comes is a reason to
// ask. Until there is an answer nothing more is taken, and nothing is acknowledged.

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

// isAsking reports whether a durable source has let go of its consumer and has not found it again: what still comes of
// it was in the queue.
// Lock should be held.
func (mset *stream) isAsking(si *sourceInfo) bool {
	ssi := mset.streamSource(si.iname)
	return ssi != nil && ssi.Consumer != nil && si.sub == nil
}
