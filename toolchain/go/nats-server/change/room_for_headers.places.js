const { lines } = require("../../../places.js");

/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	{
		file: "stream.go",
		at: lines(
			"	if canConsistencyCheck && len(hdr) > math.MaxUint16 {",
			"		if canRespond {",
			"			resp.PubAck = &PubAck{Stream: name}",
			"			resp.Error = NewJSStreamHeaderExceedsMaximumError()",
			"			b, _ := json.Marshal(resp)",
		),
		becomes: lines(
			"	if canConsistencyCheck && len(hdr) > roomForHeaders(math.MaxUint16, subject, sourced) {",
			"		if canRespond {",
			"			resp.PubAck = &PubAck{Stream: name}",
			"			resp.Error = NewJSStreamHeaderExceedsMaximumError()",
			"			b, _ := json.Marshal(resp)",
		),
	},
	{
		file: "jetstream_batching.go",
		at: lines("		if len(hdr) > math.MaxUint16 {"),
		becomes: lines("		if len(hdr) > roomForHeaders(math.MaxUint16, subject, sourced) {"),
	},
];

/** @type {import("../../../places.js").Mentions} */
const mentions = { "len(hdr) > math.MaxUint16": 3 };

module.exports = { places, mentions };
