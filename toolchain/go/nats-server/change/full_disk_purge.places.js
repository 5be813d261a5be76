const { lines } = require("../../../places.js");

/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	{
		file: "filestore.go",
		at: lines(
			"			if err = lmb.flushPendingMsgs(); err != nil {",
			"				fs.mu.Unlock()",
			"				return purged, err",
			"			}",
		),
		becomes: lines(
			"			if err = lmb.flushPendingOfPurge(); err != nil {",
			"				fs.mu.Unlock()",
			"				return purged, err",
			"			}",
		),
	},
	{
		file: "filestore.go",
		at: lines("	if err := lmb.flushPendingMsgs(); err != nil {"),
		becomes: lines("	if err := lmb.flushPendingOfPurge(); err != nil {"),
	},
	{
		file: "filestore.go",
		at: lines("			if err = lmb.flushPendingMsgs(); err != nil {", "				return purged, bytes, err", "			}"),
		becomes: lines(
			"			if err = lmb.flushPendingOfPurge(); err != nil {",
			"				return purged, bytes, err",
			"			}",
		),
	},
];

/** @type {import("../../../places.js").Mentions} */
const mentions = { "lmb.flushPendingMsgs()": 3 };

module.exports = { places, mentions };
