const { lines } = require("../../../places.js");

/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	{
		file: "stream.go",
		at: "	rc    bool                // Recreate based on a stream identity mismatch.\n",
		becomes: lines(
			"	rc    bool                // Recreate based on a stream identity mismatch.",
			"	behind bool                 // The consumer does not go to where the stream is.",
			"	heard  time.Time            // When it was asked, by its server's clock; zero if nothing was pending.",
			"	doubts int                  // How often it was asked because of a first delivery since one was taken.",
		),
	},
	{
		file: "stream.go",
		at: lines("	osseq, odseq := si.sseq, si.dseq", "	if sseq <= si.sseq {"),
		becomes: lines(
			"	if mset.doubtsFirst(si, m.rply) {",
			"		mset.mu.Unlock()",
			"		return true",
			"	}",
			"	osseq, odseq := si.sseq, si.dseq",
			"	if sseq <= si.sseq {",
		),
	},
	{
		file: "stream.go",
		at: lines(
			"		// Ignore older messages.",
			"		// If the deliver sequence matches, we only update delivered accounting.",
			"		if dseq == si.dseq+1 {",
			"			si.dseq++",
			"		}",
			"		mset.mu.Unlock()",
			"		return true",
			"	} else if dseq == si.dseq+1 {",
			"		si.dseq++",
			"		si.sseq = sseq",
			"	} else if dseq > si.dseq {",
			"		if si.cname == _EMPTY_ {",
		),
		becomes: lines(
			"		// Ignore older messages.",
			"		// If the deliver sequence matches, we only update delivered accounting.",
			"		if !mset.doubtsSource(si) && dseq == si.dseq+1 {",
			"			si.dseq++",
			"		}",
			"		mset.mu.Unlock()",
			"		return true",
			"	} else if dseq == si.dseq+1 {",
			"		si.dseq++",
			"		si.sseq = sseq",
			"	} else if dseq > si.dseq {",
			"		if si.cname == _EMPTY_ {",
		),
	},
];

module.exports = { places };
