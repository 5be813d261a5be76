/**
 * A provider for tests, in place of any real one: takes whatever it is given, gives every resource an id when it is
 * created and not before, and writes down what it was asked to create, a URN a line, in the file RECORDING.
 */

const { appendFileSync } = require("node:fs");
const { createHash } = require("node:crypto");
const pulumi = require("@pulumi/pulumi");

/** @type {import("@pulumi/pulumi/provider").Provider} */
const provider = {
	// The engine warns of providers older than the SDK.
	version: "99.0.0",
	check: async (_urn, _olds, news) => ({ inputs: news, failures: [] }),
	diff: async () => ({ changes: false }),
	create: async (urn, inputs) => {
		appendFileSync(process.env.RECORDING ?? "", `${urn}\n`);
		return { id: `id-${createHash("sha1").update(urn).digest("hex").slice(0, 17)}`, outs: inputs };
	},
	update: async (_id, _urn, _olds, news) => ({ outs: news }),
	delete: async () => {},
};

pulumi.provider.main(provider, process.argv.slice(2));
