// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the calls of it
// to stream.go and jetstream_batching.go.

package server

// A stream takes headers of 65,535 bytes, and whoever sources it adds one of its own: a message that fills them is
// acknowledged here and refused there, again and again, with all that comes after it (2.15.2, processInboundSourceMsg).
// So a publisher is told at once, and room is kept for what a source adds:
//
//	Nats-Stream-Source: <stream>:<hash>:C=<hash> <sequence> <filters> <transforms> <subject> <identity>
//
// which names the subject, and each transform of the source, in front and behind.

// sourceHeaderRoom is for all of that but the subject.
const sourceHeaderRoom = 1024

// roomForHeaders is how many bytes of headers a message may have that is stored, of those that a stream takes. What is
// sourced has been taken already.
func roomForHeaders(most int, subject string, sourced bool) int {
	if sourced {
		return most
	}
	return most - sourceHeaderRoom - len(subject)
}
