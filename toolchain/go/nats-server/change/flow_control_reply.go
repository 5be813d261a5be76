// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the calls of it
// to stream.go.

package server

import (
	"strings"
	"time"
)

// A consumer that feeds a source or a mirror says where it takes flow control: by the reply subject of a request, or in
// the header Nats-Consumer-Stalled of a heartbeat. The server publishes there in the name of the sourcing stream, in its
// account, which no permission limits. Whoever can publish on the delivery subject could therefore have it publish on
// any subject of that account, the JetStream API's included, of which an empty message purges or deletes a stream.
//
// So only the subjects are answered that a consumer has for this purpose (consumer.go, fcReply):
//
//	$JS.FC.<stream>.<consumer>.<id>
//	$JS.FC.<domain>.<account hash>.<stream>.<consumer>.<id>
//
// with the stream, the consumer and the domain that the source itself has. Nothing else of them is for the other side
// to choose but the hash and the id, each a single token.

// answersFlowControl reports whether a flow control reply of a source, or of the mirror, may be sent to the subject.
// If the subject is another one, it says so in the log. While a new consumer, or the reset of the one there is, has been
// asked for, what still comes is of before that: its answer would be taken for one of afterwards (reset_consumer.go).
// Nor while it is still to be asked for, for it may be the consumer of another stream (source_again.go).
// Lock should be held.
func (mset *stream) answersFlowControl(si *sourceInfo, subject string) bool {
	if mset.isFlowControlOf(si, subject) {
		return !si.sip && (si == mset.mirror || !mset.isAsking(si))
	}
	kind := "source"
	if si == mset.mirror {
		kind = "mirror"
	}
	mset.warnFlowControl(kind, si.name, subject)
	return false
}

// answersReplicatedFlowControl is the same for a reply that went through the log of a replicated stream, which holds
// the subject and not the source. A peer with another server may have proposed it. By the time it is applied the
// consumer may have been reset, and this server may not be the one that proposed it: a number of delivery that its source
// has not come to is one of before that.
// Lock should be held, a read lock is enough.
func (mset *stream) answersReplicatedFlowControl(subject string, hdr []byte) bool {
	delivered := parseInt64(sliceHeader(JSLastConsumerSeq, hdr))
	answers := func(si *sourceInfo) bool { return !si.sip && delivered <= int64(si.dseq) }
	if mset.mirror != nil && mset.isFlowControlOf(mset.mirror, subject) {
		return answers(mset.mirror)
	}
	for _, si := range mset.sources {
		if mset.isFlowControlOf(si, subject) {
			return answers(si)
		}
	}
	mset.warnFlowControl("replicated request of", mset.cfg.Name, subject)
	return false
}

// isFlowControlOf reports whether the consumer of a source, or of the mirror, takes flow control at the subject.
// Lock should be held, a read lock is enough.
func (mset *stream) isFlowControlOf(si *sourceInfo, subject string) bool {
	ssi := mset.cfg.Mirror
	if si != mset.mirror {
		ssi = mset.streamSource(si.iname)
	}
	if ssi == nil {
		return false
	}
	// An ordinary source has the name from the answer to its request. A durable one's is configured.
	consumer := si.cname
	if ssi.Consumer != nil {
		consumer = ssi.Consumer.Name
	}
	tokens := strings.Split(subject, tsep)
	for _, token := range tokens {
		if !isPlainToken(token) {
			return false
		}
	}
	if len(tokens) < 5 || tokens[0] != "$JS" || tokens[1] != "FC" {
		return false
	}
	switch own := tokens[len(tokens)-3 : len(tokens)-1]; {
	case own[0] != ssi.Name || own[1] != consumer:
		return false
	case len(tokens) == 5:
		return true
	case len(tokens) == 7:
		domain, known := mset.flowControlDomain(ssi)
		return !known || tokens[2] == domain
	default:
		return false
	}
}

// flowControlDomain is the first token after $JS.FC of the consumer's server; not known when the API of another account
// is imported under a prefix that names no domain.
func (mset *stream) flowControlDomain(ssi *StreamSource) (domain string, known bool) {
	if ext := ssi.External; ext != nil && ext.ApiPrefix != _EMPTY_ {
		prefix := strings.Split(ext.ApiPrefix, tsep)
		if len(prefix) != 3 || prefix[2] != "API" {
			return _EMPTY_, false
		}
		return prefix[1], true
	}
	if domain = mset.srv.getOpts().JetStreamDomain; domain == _EMPTY_ {
		domain = "_"
	}
	return domain, true
}

// isPlainToken reports whether a token is one of a literal subject, and cannot end a line of the protocol or split it.
func isPlainToken(token string) bool {
	if token == _EMPTY_ {
		return false
	}
	for i := 0; i < len(token); i++ {
		if c := token[i]; c <= ' ' || c == 0x7f || c == pwc || c == fwc {
			return false
		}
	}
	return true
}

const (
	// Longest part of a refused subject that is shown, in bytes.
	flowControlShown = 128
	// A source is not mentioned again for this time.
	flowControlQuiet = time.Minute
)

// warnFlowControl says what was refused, and where. The subject is not part of what limits the rate, for the other side
// can think up new ones for ever.
func (mset *stream) warnFlowControl(kind, name, subject string) {
	acc, stream := mset.acc.Name, mset.cfg.Name
	key := "flow control refused\n" + acc + "\n" + stream + "\n" + kind + "\n" + name
	// The server forgets an entry about a second after its time.
	if _, loaded := mset.srv.rateLimitLogging.LoadOrStore(key, time.Now().Add(flowControlQuiet)); loaded {
		return
	}
	dots := _EMPTY_
	if len(subject) > flowControlShown {
		subject, dots = subject[:flowControlShown], "..."
	}
	mset.srv.Warnf("JetStream stream '%s > %s' %s '%s' refused flow control at %q%s, which is not its consumer's; nothing was sent",
		acc, stream, kind, name, subject, dots)
}
