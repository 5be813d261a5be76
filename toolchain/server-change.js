const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { Message } = require("./message.js");

/**
 * What leafline's nats-server has that the official one has not: it answers flow control of a source only where that
 * source's own consumer takes it, serves a request under the subject that its sender was allowed to send it on, publishes
 * for a client only where that may listen, takes a few links of one device and not all that the fleet may have, has
 * a durable source go on where the stream is, also where the stream that it is of was made anew or a node was started
 * again, has no consumer take an answer of before its reset for one of afterwards, and never uses a sequence of a stream
 * twice that says so in its metadata.
 * It stores no message that whoever sources it could not, and connects anew after a link that broke at once.
 * `go/nats-server/change/` has the lines and says why; here is where they are put in.
 *
 * A place is stated by the text that is there. Where that is not what was read when the change was written, the server
 * is not built: nobody knows then what the change would do.
 */

/** Of the change; other lines are another number. */
const NAME = "leafline.1";

/** The lines. */
const OWN = path.join(__dirname, "go", "nats-server", "change");

/** Folder of the server in the copy of its modules that `go mod vendor` makes. */
const MODULE = path.join("vendor", "github.com", "nats-io", "nats-server", "v2");

/**
 * @typedef {object} Edit
 * @property {string} file in the server's folder
 * @property {string} at text that is there exactly once
 * @property {string} becomes
 */

/** @type {(version: string) => readonly Edit[]} */
const edits = (version) => [
	{
		file: "server/const.go",
		at: `	VERSION = "${version}"\n`,
		becomes: `	VERSION = "${version}+${NAME}"\n`,
	},
	{
		file: "server/stream.go",
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
		file: "server/jetstream_batching.go",
		at: lines("		if len(hdr) > math.MaxUint16 {"),
		becomes: lines("		if len(hdr) > roomForHeaders(math.MaxUint16, subject, sourced) {"),
	},
	...[
		["mset.mirror", "mset.mirror.dseq, mset.mirror.sseq"],
		["si", "si.dseq, si.sseq"],
	].map(([source, sequences]) => ({
		file: "server/stream.go",
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
		file: "server/stream.go",
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
		file: "server/stream.go",
		at: lines(
			"func (mset *stream) sendFlowControlReply(reply string, hdr []byte) {",
			"	if mset.isLeader() && mset.outq != nil {",
		),
		becomes: lines(
			"func (mset *stream) sendFlowControlReply(reply string, hdr []byte) {",
			"	if mset.isLeader() && mset.outq != nil && mset.answersReplicatedFlowControl(reply, hdr) {",
		),
	},
	{
		file: "server/stream.go",
		at: lines("		var recreate bool", "		var timedOut bool", "		defer func() {"),
		becomes: lines("		var recreate bool", "		var timedOut bool", "		var placed bool", "		defer func() {"),
	},
	{
		file: "server/stream.go",
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
		file: "server/stream.go",
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
		file: "server/stream.go",
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
		file: "server/consumer.go",
		at: lines(
			"	o.adflr, o.asflr = o.dseq-1, o.sseq-1",
			"	o.ldt, o.lat = time.Time{}, time.Time{}",
			"	return recalcPending",
		),
		becomes: lines(
			"	o.adflr, o.asflr = o.dseq-1, o.sseq-1",
			"	o.ldt, o.lat = time.Time{}, time.Time{}",
			"	o.forgetFlowControl()",
			"	return recalcPending",
		),
	},
	{
		file: "server/stream.go",
		at: "	rc    bool                // Recreate based on a stream identity mismatch.\n",
		becomes: lines(
			"	rc    bool                // Recreate based on a stream identity mismatch.",
			"	behind bool                 // The consumer does not go to where the stream is.",
		),
	},
	{
		file: "server/stream.go",
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
	{
		file: "server/jetstream_cluster.go",
		at: "	mset.store.ApplySourcesState(snap.Sources)\n",
		becomes: "	mset.adoptSources(snap)\n",
	},
	{
		file: "server/jetstream_cluster.go",
		at: "	defer mset.store.ApplySourcesState(snap.Sources)\n",
		becomes: "	defer mset.adoptSources(snap)\n",
	},
	{
		file: "server/stream.go",
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
		file: "server/jetstream_cluster.go",
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
	{
		file: "server/filestore.go",
		at: "	sources     map[string]*StreamSourceState\n",
		becomes: lines("	sources     map[string]*StreamSourceState", "	sourcesLost bool"),
	},
	{
		file: "server/filestore.go",
		at: lines(
			"	if sourcesSeq < fs.state.FirstSeq {",
			"		sourcesSeq = fs.state.FirstSeq",
			"	}",
			"	return sourcesSeq",
		),
		becomes: lines("	return fs.sourcesFrom(sourcesSeq, err)"),
	},
	{
		file: "server/client.go",
		at: lines("			// Normally this code is not called.", "			nrr = c.pa.reply"),
		becomes: lines("			// Normally this code is not called.", "			nrr = requestReply(c.pa.reply, isResponse)"),
	},
	{
		file: "server/client.go",
		at: lines("	if c.kind == CLIENT && len(c.pa.reply) > 0 && isReservedReply(c.pa.reply) {"),
		becomes: lines(
			"	if c.kind == CLIENT && len(c.pa.reply) > 0 && (isReservedReply(c.pa.reply) || !c.mayHear(c.pa.reply)) {",
		),
	},
	{
		file: "server/stream.go",
		at: lines("		if tsubj != _EMPTY_ && !IsValidPublishSubject(tsubj) {"),
		becomes: lines("		if tsubj != _EMPTY_ && (!IsValidPublishSubject(tsubj) || isOfServer(tsubj)) {"),
	},
	{
		file: "server/leafnode.go",
		at: lines("				// Done for now, will get back another INFO protocol...", "				return", "			}"),
		becomes: lines(
			"				// Done for now, will get back another INFO protocol...",
			"				c.closeLost()",
			"				return",
			"			}",
		),
	},
	{
		file: "server/leafnode.go",
		at: lines(
			"	// If we have permissions bound to this leafnode we need to send then back to the",
			"	// origin server for local enforcement.",
			"	s.sendPermsAndAccountInfo(c)",
		),
		becomes: lines(
			"	if s.tooManyLeafsOfUser(c) {",
			"		c.maxAccountConnExceeded()",
			"		return ErrTooManyAccountConnections",
			"	}",
			"	// If we have permissions bound to this leafnode we need to send then back to the",
			"	// origin server for local enforcement.",
			"	s.sendPermsAndAccountInfo(c)",
		),
	},
];

/** @param {string[]} all */
const lines = (...all) => `${all.join("\n")}\n`;

/** How often the functions in question stand in the sources: one call more is one that nobody has looked at. */
const MENTIONS = {
	"handleFlowControl(": 3,
	"processStalledFlowControl(": 3,
	"sendFlowControlReply(": 2,
	JSConsumerStalled: 4,
	"len(hdr) > math.MaxUint16": 3,
};

/**
 * Puts the change into a copy of the server's sources.
 *
 * @param {string} folder with `vendor`
 * @param {string} version of the server
 * @throws {Message} if the sources are not those that the change was written for
 */
function changeServer(folder, version) {
	const server = path.join(folder, MODULE);
	const sources = allSources(path.join(server, "server"));
	for (const [name, times] of Object.entries(MENTIONS)) {
		const found = sources.split(name).length - 1;
		if (found !== times) throw refusal(version, `server/ has ${name} ${found} times, not ${times}`);
	}
	for (const { file, at, becomes } of edits(version)) {
		const name = path.join(server, file);
		const text = fs.readFileSync(name, "utf8");
		const found = text.split(at).length - 1;
		if (found !== 1) throw refusal(version, `${file} has this ${found} times, not once:\n${at.trimEnd()}`);
		fs.writeFileSync(
			name,
			text.replace(at, () => becomes),
		);
	}
	for (const file of fs.readdirSync(OWN)) {
		const target = path.join(server, "server", file);
		if (fs.existsSync(target)) throw refusal(version, `server/${file} is there already`);
		fs.copyFileSync(path.join(OWN, file), target);
	}
}

/** @param {string} folder */
function allSources(folder) {
	const names = fs.readdirSync(folder).filter((name) => name.endsWith(".go") && !name.endsWith("_test.go"));
	return names.map((name) => fs.readFileSync(path.join(folder, name), "utf8")).join("\n");
}

/** @param {string} version @param {string} reason */
function refusal(version, reason) {
	return new Message(
		`leafline's change to nats-server does not fit the sources of ${version}, and nothing is built: ${reason}\n` +
			"toolchain/server-change.js states the place; read what the server does there now before you change it.",
	);
}

/**
 * What the lines and their places are, in eight hexadecimal digits: a build of others is never taken for one of these.
 *
 * @returns {string}
 */
function digest() {
	const hash = crypto.createHash("sha256").update(fs.readFileSync(__filename));
	for (const file of fs.readdirSync(OWN).sort()) hash.update(file).update(fs.readFileSync(path.join(OWN, file)));
	return hash.digest("hex").slice(0, 8);
}

module.exports = { NAME, MODULE, edits, changeServer, digest };
