const { lines } = require("../../../places.js");

/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	...[
		["mset.mirror", "mset.mirror.dseq, mset.mirror.sseq"],
		["si", "si.dseq, si.sseq"],
	].map(([source, sequences]) => ({
		file: "stream.go",
		at: lines("		if m.rply != _EMPTY_ {", `			mset.handleFlowControl(m, ${sequences})`, "		} else {"),
		becomes: lines(
			"		if m.rply != _EMPTY_ {",
			`			if mset.answersFlowControl(${source}, m.rply) {`,
			`				mset.handleFlowControl(m, ${sequences})`,
			"			}",
			"		} else {",
		),
	})),
	{
		file: "stream.go",
		at: lines(
			"func (mset *stream) processStalledFlowControl(si *sourceInfo, fcReply string) {",
			"	if fcReply != si.fcid {",
		),
		becomes: lines(
			"func (mset *stream) processStalledFlowControl(si *sourceInfo, fcReply string) {",
			"	if !mset.answersFlowControl(si, fcReply) {",
			"		return",
			"	}",
			"	if fcReply != si.fcid {",
		),
	},
	{
		file: "stream.go",
		at: lines(
			"func (mset *stream) sendFlowControlReply(reply string, hdr []byte) {",
			"	if mset.isLeader() && mset.outq != nil {",
		),
		becomes: lines(
			"func (mset *stream) sendFlowControlReply(reply string, hdr []byte) {",
			"	if mset.isLeader() && mset.outq != nil && mset.answersReplicatedFlowControl(reply, hdr) {",
		),
	},
];

/** @type {import("../../../places.js").Mentions} */
const mentions = {
	"handleFlowControl(": 3,
	"processStalledFlowControl(": 3,
	"sendFlowControlReply(": 2,
	JSConsumerStalled: 4,
};

module.exports = { places, mentions };
