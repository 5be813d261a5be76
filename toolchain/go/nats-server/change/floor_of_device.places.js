const { lines } = require("../../../places.js");

/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	{
		file: "jetstream.go",
		at: lines("		if !cfg.Created.IsZero() {", "			mset.setCreatedTime(cfg.Created)", "		}"),
		becomes: lines(
			"		if !cfg.Created.IsZero() {",
			"			mset.setCreatedTime(cfg.Created)",
			"			mset.goBehindFloor()",
			"		}",
		),
	},
	{
		// One by one it takes minutes to come past sequences that were skipped.
		file: "stream.go",
		at: lines(
			"	for seq := sseq; seq <= state.LastSeq; seq++ {",
			"		sm, err := mset.store.LoadMsg(seq, &smv)",
			"		if err != nil {",
			"			continue",
			"		}",
		),
		becomes: lines(
			"	for seq := sseq; seq <= state.LastSeq; seq++ {",
			"		sm, next, err := mset.store.LoadNextMsg(fwcs, true, seq, &smv)",
			"		if err != nil {",
			"			break",
			"		}",
			"		seq = next",
		),
	},
	{
		file: "stream.go",
		at: lines("	if details {", "		return store.State()", "	}"),
		becomes: lines("	if details && listsDeleted(store) {", "		return store.State()", "	}"),
	},
];

module.exports = { places };
