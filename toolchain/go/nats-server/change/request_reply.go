// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the call of it
// to client.go.

package server

// A message that JetStream delivers by way of other servers carries the subject under which the last one hands it out
// at the end of its reply:
//
//	$JS.ACK.<stream>.<consumer>.<delivered>.<sseq>.<cseq>.<tm>.<pending>@<subject>
//
// processMsgResults takes it from there for whatever comes from a leaf node, a route or a gateway (jsAckDeliverIdx), and
// hands a message that was sent on one subject to the receiver under another one. Permissions of a leaf node look at the
// subject that it sent the message on, and the JetStream API does what the other one says. Whoever may ask one thing of
// it could therefore ask any other.
//
// JetStream delivers messages and no requests, so the reply of a request ends before the "@". That of a response, by
// which a message comes back through the account that fetched it, stays as it is.

// requestReply is the reply that goes on with a message through a service import.
func requestReply(reply []byte, isResponse bool) []byte {
	if isResponse {
		return reply
	}
	if at := jsAckDeliverIdx(reply); at >= 0 {
		return reply[:at]
	}
	return reply
}
