const { lines } = require("../../../places.js");

/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	{
		file: "stream.go",
		at: lines(
			"		// Setup subscriptions if we were not already the leader.",
			"		if err := mset.subscribeToStream(); err != nil {",
		),
		becomes: lines(
			"		if !skipTeardown {",
			"			if err := mset.reserveSequences(); err != nil {",
			"				if mset.isClustered() {",
			"					mset.node.StepDown()",
			"				}",
			"				mset.mu.Unlock()",
			"				return err",
			"			}",
			"		}",
			"",
			"		// Setup subscriptions if we were not already the leader.",
			"		if err := mset.subscribeToStream(); err != nil {",
		),
	},
	{
		file: "jetstream_cluster.go",
		at: lines(
			"				if err = mset.store.SkipMsgs(first, num); err != nil {",
			"					mset.mu.Unlock()",
			"					mset.isolateMu.Unlock()",
		),
		becomes: lines(
			"				if err = mset.skipReserved(first, num); err != nil {",
			"					mset.mu.Unlock()",
			"					mset.isolateMu.Unlock()",
		),
	},
];

module.exports = { places };
