// Part of leafline's nats-server: toolchain/server-change.js adds this file to the package `server` and the calls of it
// to jetstream_cluster.go.

package server

// The snapshot of a replicated stream says how far it was with its sources (`js_snapshot_sources`), for a server that
// has to catch up and cannot tell by the messages, because some are gone. A server that is started again reads its own
// last snapshot, which is older than what it holds: it went back to where the sources were then, for the messages of its
// log that it holds already are skipped. When it came to lead, the stream took from every source what it had got since
// that snapshot a second time.

// adoptSources takes from a snapshot how far the stream is with its sources, unless what it holds shows that it is
// further.
func (mset *stream) adoptSources(snap *StreamReplicatedState) {
	var state StreamState
	mset.store.FastState(&state)
	if state.LastSeq <= snap.LastSeq || len(snap.Sources) == 0 {
		mset.store.ApplySourcesState(snap.Sources)
		return
	}
	sources := make(map[string]StreamSourceState, len(snap.Sources))
	for name, theirs := range snap.Sources {
		sources[name] = theirs
	}
	for name, own := range mset.store.SourcesState() {
		// Another identity is that of a stream which was made anew since the snapshot.
		if theirs := sources[name]; own.Seq > 0 && (own.Seq > theirs.Seq || own.Ident != theirs.Ident) {
			sources[name] = own
		}
	}
	mset.store.ApplySourcesState(sources)
}
