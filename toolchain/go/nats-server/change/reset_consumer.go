// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the call of it
// to consumer.go.

package server

// A consumer that is reset numbers its deliveries from 1 again, and forgets what is pending, but not which answer of
// flow control it waits for. The one that comes then may have been on its way when the reset was asked for. With
// ack_policy: flow_control it is an acknowledgement, and brings a number of deliveries that the consumer has yet to come
// to. Until then each further acknowledgement is taken for an old one: a window of messages goes out, and nothing after
// it. The heartbeats on both sides agree, so that neither reports an error, and nothing but another reset ends it.

// forgetFlowControl has a consumer that was reset wait for no answer of before that.
// Lock should be held.
func (o *consumer) forgetFlowControl() {
	o.pbytes, o.fcsz, o.fcid = 0, 0, _EMPTY_
}
