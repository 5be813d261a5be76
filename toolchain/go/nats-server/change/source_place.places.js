const { lines } = require("../../../places.js");

/** @type {readonly import("../../../places.js").Place[]} */
const places = [
	{
		file: "stream.go",
		at: lines("		var recreate bool", "		var timedOut bool", "		defer func() {"),
		becomes: lines("		var recreate bool", "		var timedOut bool", "		var placed bool", "		defer func() {"),
	},
	{
		file: "stream.go",
		at: lines(
			"					si.err = NewJSSourceConsumerRequiresAckFCError()",
			"					retry = true",
			"					mset.mu.Unlock()",
			"					return",
			"				}",
			"",
		),
		becomes: lines(
			"					si.err = NewJSSourceConsumerRequiresAckFCError()",
			"					retry = true",
			"					mset.mu.Unlock()",
			"					return",
			"				}",
			"",
			"				// Once, so that a consumer that does not go there is used as it is.",
			"				if durableDeliverSubject != _EMPTY_ && !placed {",
			"					if body := mset.placeOfSource(si, ccr.ConsumerInfo, streamIdentity); body != nil {",
			"						placed = true",
			"						mset.unsubscribe(crSub)",
			"						if reply, respCh, crSub, err = newReplySubscription(); err != nil {",
			"							si.err = NewJSSourceConsumerSetupFailedError(err, Unless(err))",
			"							retry = true",
			"							mset.mu.Unlock()",
			"							return",
			"						}",
			"						if apiLevel < 5 {",
			"							hdr = genHeader(nil, JSRequiredApiLevel, strconv.Itoa(apiLevel))",
			"						}",
			"						mset.outq.send(newJSPubMsg(subject, _EMPTY_, reply, hdr, body, nil, 0))",
			"						mset.mu.Unlock()",
			"						goto SELECT",
			"					}",
			"				}",
			"",
		),
	},
	{
		file: "stream.go",
		at: lines(
			"				if si.sseq < ccr.ConsumerInfo.Delivered.Stream {",
			"					si.sseq = ccr.ConsumerInfo.Delivered.Stream",
			"				}",
			"				// Capture consumer name.",
			"				si.cname = ccr.ConsumerInfo.Name",
		),
		becomes: lines(
			"				if before := beforeSource(ccr.ConsumerInfo); si.sseq < before {",
			"					si.sseq = before",
			"				}",
			"				si.behind = beforeSource(ccr.ConsumerInfo) < si.sseq",
			"				// Capture consumer name.",
			"				si.cname = ccr.ConsumerInfo.Name",
		),
	},
	{
		file: "stream.go",
		at: lines(
			"			mset.retrySourceConsumerAtSeq(si.iname, si.sseq+1)",
			"			mset.mu.Unlock()",
			"			return false",
			"		}",
			"	} else {",
			"		mset.mu.Unlock()",
		),
		becomes: lines(
			"			mset.retrySourceConsumerAtSeq(si.iname, si.sseq+1)",
			"			mset.mu.Unlock()",
			"			return false",
			"		}",
			"	} else {",
			"		mset.askSourceAgain(si)",
			"		mset.mu.Unlock()",
		),
	},
	{
		file: "filestore.go",
		at: "	sources     map[string]*StreamSourceState\n",
		becomes: lines("	sources     map[string]*StreamSourceState", "	sourcesLost bool"),
	},
	{
		file: "filestore.go",
		at: lines(
			"	if sourcesSeq < fs.state.FirstSeq {",
			"		sourcesSeq = fs.state.FirstSeq",
			"	}",
			"	return sourcesSeq",
		),
		becomes: lines("	return fs.sourcesFrom(sourcesSeq, err)"),
	},
];

module.exports = { places };
